"""Two streams that read each other."""

import doctest

import pytest
import torch
import torch.nn.functional as F

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.models import InteractivePair, pair

B, T, S, WIDTH = 3, 5, 7, 6
LAYOUTS = Layout(torch.tensor([5, 2, 0]), T), Layout(torch.tensor([7, 0, 4]), S)


def streams(filling: float = 0.0) -> list[torch.Tensor]:
    made = (torch.randn(B, size, WIDTH) for size in (T, S))
    return [torch.where(layout.mask[..., None], each, filling) for layout, each in zip(LAYOUTS, made, strict=True)]


def test_by_hand():
    block = InteractivePair(WIDTH, encoder="Identity")
    one, two = streams()
    (out, record), _ = block(one, two, layouts=LAYOUTS)
    read = record.weights()[:, 0] @ two
    joined = torch.cat([one, read, one - read, one * read], dim=-1) @ block.join.weight.T + block.join.bias
    real = LAYOUTS[0].mask
    torch.testing.assert_close(out.values[real], F.gelu(joined)[real])
    assert not out.values[~real].any()


def test_both_streams_get_a_record_of_the_other():
    (one, there), (two, back) = InteractivePair(WIDTH)(*streams(), layouts=LAYOUTS)
    assert (one.values.shape, two.values.shape) == ((B, T, WIDTH), (B, S, WIDTH))
    assert (there.shape, back.shape) == ((B, 1, T, S), (B, 1, S, T))
    # An example without sources has nothing to look at.
    assert there.received().sum(-1)[:, 0].tolist() == pytest.approx([1, 0, 0])
    assert back.received().sum(-1)[:, 0].tolist() == pytest.approx([1, 0, 0])


def test_padding_changes_nothing():
    block = InteractivePair(WIDTH)
    clean = streams()
    dirty = [torch.where(layout.mask[..., None], each, torch.nan) for layout, each in zip(LAYOUTS, clean, strict=True)]
    for (one, record), (other, other_record) in zip(
        block(*clean, layouts=LAYOUTS), block(*dirty, layouts=LAYOUTS), strict=True
    ):
        assert torch.equal(one.values, other.values)
        assert torch.equal(record.weights(), other_record.weights())


def test_gradients_reach_every_parameter():
    block = InteractivePair(WIDTH)
    (one, _), (two, _) = block(*streams(), layouts=LAYOUTS)
    (one.values.square().sum() + two.values.square().sum()).backward()
    for name, each in block.named_parameters():
        assert each.grad.isfinite().all(), name
        assert each.grad.abs().max() > 0, name


def test_an_unknown_encoder_is_an_error():
    with pytest.raises(ConfigError, match="there is no 'Recurent'"):
        InteractivePair(WIDTH, encoder="Recurent")


def test_the_example_runs():
    assert doctest.testmod(pair).failed == 0
