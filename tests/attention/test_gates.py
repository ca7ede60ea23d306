"""What gates do beyond the contract: their options, and what they cannot read."""

import pytest
import torch
from torch import nn

from salience.attention import CBAM, SqueezeExcitation
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError

WIDTH = 6


def test_the_hidden_layer_is_narrower_but_never_empty():
    assert SqueezeExcitation(WIDTH, reduction=2).squeeze.weight.shape == (3, WIDTH)
    assert SqueezeExcitation(WIDTH, reduction=100).squeeze.weight.shape == (1, WIDTH)
    assert CBAM(WIDTH, reduction=100).squeeze.weight.shape == (1, WIDTH)


@pytest.mark.parametrize("made", [CBAM, SqueezeExcitation])
def test_a_reduction_below_one_is_an_error(made: type[nn.Module]):
    with pytest.raises(ConfigError, match=rf"at least 1, got 0[\s\S]*{made.__name__}[\s\S]*1 keeps the width"):
        made(WIDTH, reduction=0)


@pytest.mark.parametrize("kernel", [0, 4, -3])
def test_a_kernel_without_a_middle_is_an_error(kernel: int):
    with pytest.raises(ConfigError, match=rf"odd extent of the kernel, got {kernel}[\s\S]*3, 5 or 7"):
        CBAM(WIDTH, kernel=kernel)


def test_no_axes_are_an_error():
    with pytest.raises(ConfigError, match=r"1 to 3 axes, got 0"):
        CBAM(WIDTH, axes=0)


def test_an_image_needs_two_axes():
    layout = Layout(torch.tensor([6]), 6, grid=(2, 3))
    with pytest.raises(DataError, match=r"CBAM attention was made for a grid of 1 axes[\s\S]*axes=2"):
        CBAM(WIDTH)(torch.randn(1, 6, WIDTH), layout=layout)


def test_channels_pass_equally_at_all_positions():
    values = torch.randn(1, 5, WIDTH)
    out, _ = SqueezeExcitation(WIDTH)(values, layout=Layout(torch.tensor([5]), 5))
    torch.testing.assert_close(out / values, (out / values)[:, :1].expand_as(out))


def test_a_position_passes_by_what_its_neighbours_hold():
    mechanism = CBAM(WIDTH, axes=2, kernel=3)
    values, layout = torch.randn(1, 20, WIDTH), Layout(torch.tensor([20]), 20, grid=(4, 5))
    other = values.clone()
    # The mean of the whole example and the highest values stay.
    other[:, 0], other[:, 1] = values[:, 1], values[:, 0]
    moved = (mechanism(values, layout=layout)[0] - mechanism(other, layout=layout)[0]).abs().amax(dim=-1) > 1e-6
    changed = moved.view(4, 5)
    assert changed[:2, :3].all()
    assert not changed[2:].any()
    assert not changed[:, 3:].any()
