"""What focal modulation does beyond the contract: how far its levels reach, and its options."""

import pytest
import torch
from torch import nn

from salience.attention import Focal
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError

WIDTH = 6


def without_the_whole(**options: int) -> Focal:
    """A gate of zero on the last level, so that nothing far away is seen."""
    mechanism = Focal(WIDTH, **options)
    with torch.no_grad():
        mechanism.gates.weight[-1] = 0.0
    return mechanism


def influence(mechanism: Focal, layout: Layout, query: int) -> torch.Tensor:
    """Which positions change what one position gives, by the gradient."""
    values = torch.randn(1, layout.size, WIDTH, requires_grad=True)
    out, _ = mechanism(values, layout=layout)
    (slope,) = torch.autograd.grad(out[0, query].sum(), values)
    return slope[0].abs().amax(dim=-1) > 0


@pytest.mark.parametrize(("options", "reach"), [({"levels": 1}, 1), ({}, 3), ({"levels": 2, "window": 2}, 5)])
def test_levels_reach_as_far_as_they_say(options: dict[str, int], reach: int):
    mechanism, layout = without_the_whole(**options), Layout(torch.tensor([17]), 17)
    assert mechanism.reach[-1] == reach
    near = (torch.arange(17) - 8).abs() <= reach
    assert torch.equal(influence(mechanism, layout, 8), near)
    _, record = mechanism(torch.randn(1, 17, WIDTH), layout=layout)
    assert torch.equal(record.weights()[0, 0, 8] > 0, near)


def test_levels_reach_along_both_axes_of_an_image():
    mechanism, layout = without_the_whole(axes=2, levels=1), Layout(torch.tensor([35]), 35, grid=(5, 7))
    seen = influence(mechanism, layout, 16).view(5, 7)
    expected = torch.zeros(5, 7, dtype=torch.bool)
    expected[1:4, 1:4] = True
    assert torch.equal(seen, expected)


def test_the_whole_reaches_every_real_position():
    seen = influence(Focal(WIDTH), Layout(torch.tensor([13]), 17), 0)
    assert torch.equal(seen, torch.arange(17) < 13)


def test_shares_are_lengths_of_what_each_level_gives():
    mechanism = Focal(WIDTH, levels=1)
    nn.init.zeros_(mechanism.gates.weight)
    with torch.no_grad():
        mechanism.gates.bias.copy_(torch.tensor([-3.0, 0.0]))
    _, record = mechanism(torch.randn(1, 5, WIDTH), layout=Layout(torch.tensor([5]), 5))
    # All on the window, although its gate subtracts.
    torch.testing.assert_close(record.shares[0, :, 0], torch.ones(5))
    nn.init.zeros_(mechanism.gates.bias)
    _, record = mechanism(torch.randn(1, 5, WIDTH), layout=Layout(torch.tensor([5]), 5))
    assert not record.weights().any()


def test_no_levels_are_an_error():
    with pytest.raises(ConfigError, match=r"at least one level, got 0[\s\S]*raise `levels`"):
        Focal(WIDTH, levels=0)


def test_a_negative_window_is_an_error():
    with pytest.raises(ConfigError, match=r"window of 0 or more, got -1[\s\S]*raise `window`"):
        Focal(WIDTH, window=-1)


def test_four_axes_are_an_error():
    with pytest.raises(ConfigError, match=r"1 to 3 axes, got 4[\s\S]*Focal"):
        Focal(WIDTH, axes=4)


def test_an_image_needs_two_axes():
    layout = Layout(torch.tensor([6]), 6, grid=(2, 3))
    with pytest.raises(DataError, match=r"Focal attention was made for a grid of 1 axes[\s\S]*axes=2"):
        Focal(WIDTH)(torch.randn(1, 6, WIDTH), layout=layout)
