"""What segment recurrence does beyond the contract: its memory, its distances, and its limits."""

import pytest
import torch
from torch import nn

from salience.attention import SegmentRecurrence
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from tests.attention.test_additive import Largest

WIDTH, HEADS, SEGMENT = 14, 2, 5


def full(size: int) -> Layout:
    return Layout(torch.tensor([size]), size)


def made(**options: object) -> SegmentRecurrence:
    mechanism = SegmentRecurrence(WIDTH, heads=HEADS, segment=SEGMENT, **options).double()
    for each in (mechanism.content_bias, mechanism.distance_bias):
        nn.init.normal_(each)
    return mechanism


def values(size: int) -> torch.Tensor:
    return torch.randn(1, size, WIDTH, dtype=torch.float64, requires_grad=True)


def test_memory_has_weight_and_no_gradient():
    given = values(3 * SEGMENT)
    out, record = made()(given, layout=full(3 * SEGMENT))
    third = slice(2 * SEGMENT, 3 * SEGMENT)
    weights = record.weights()[0, :, third]
    assert not weights[..., :SEGMENT].any()
    assert weights[..., SEGMENT:].all()
    (slope,) = torch.autograd.grad(out[:, third].square().sum(), given)
    assert not slope[:, : 2 * SEGMENT].any()
    assert slope[:, third].all()


def test_the_projections_learn_from_memory():
    mechanism, given = made(), values(2 * SEGMENT)
    out, _ = mechanism(given, layout=full(2 * SEGMENT))
    out[:, SEGMENT].sum().backward()
    learned = mechanism.value.weight.grad.clone()
    mechanism.zero_grad()
    with torch.no_grad():
        given[:, :SEGMENT] = 0
    out, _ = mechanism(given, layout=full(2 * SEGMENT))
    out[:, SEGMENT].sum().backward()
    assert (learned - mechanism.value.weight.grad).abs().max() > 1e-3


def test_nothing_is_kept_between_calls():
    mechanism, given = made(), values(7)
    before, _ = mechanism(given, layout=full(7))
    mechanism(values(13), layout=full(13))
    assert torch.equal(mechanism(given, layout=full(7))[0], before)


def test_a_change_reaches_no_further_than_the_next_segment():
    mechanism, given = made(), values(4 * SEGMENT)
    changed = given.detach().clone()
    changed[:, 0] += 1
    moved = (mechanism(given, layout=full(20))[0] - mechanism(changed, layout=full(20))[0]).abs().amax(dim=(0, 2))
    assert moved[: 2 * SEGMENT].min() > 1e-6
    assert not moved[2 * SEGMENT :].any()


def test_positions_that_hold_the_same_differ_by_distance_alone():
    mechanism = made()
    given = values(1).expand(1, 2 * SEGMENT, WIDTH)
    _, record = mechanism(given, layout=full(2 * SEGMENT))
    second = record.weights()[0, :, SEGMENT:]
    # Odds against oneself, in the second segment, which sees everything.
    own = second[..., SEGMENT:].diagonal(dim1=1, dim2=2)
    odds = second.log() - own.log()[..., None]
    torch.testing.assert_close(odds[:, 1:, 1:], odds[:, :-1, :-1], rtol=1e-10, atol=1e-12)
    assert odds.std() > 0.01


def test_neither_output_nor_statistics_make_the_matrix():
    size = 1009
    mechanism = SegmentRecurrence(WIDTH, heads=HEADS, segment=SEGMENT, causal=True)
    with Largest() as largest, torch.no_grad():
        _, record = mechanism(torch.randn(1, size, WIDTH), layout=full(size))
        record.received()
        record.entropy()
    assert largest.numel <= 2 * HEADS * (size + SEGMENT) * max(WIDTH, 3 * SEGMENT)


@pytest.mark.parametrize("heads", [0, 4])
def test_heads_must_divide_the_width(heads: int):
    with pytest.raises(ConfigError, match=rf"a width of 14 cannot be shared by {heads} heads[\s\S]*multiple"):
        SegmentRecurrence(WIDTH, heads=heads)


def test_segments_of_nothing_are_an_error():
    with pytest.raises(ConfigError, match=r"at least one position, got 0[\s\S]*raise `segment`"):
        SegmentRecurrence(WIDTH, heads=HEADS, segment=0)
