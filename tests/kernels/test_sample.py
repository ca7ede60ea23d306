"""Reads between positions: by hand, against torch's own, at the borders, and very far away."""

import doctest

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from salience.kernels import sample

HEIGHT, WIDTH = 5, 7
FULL = torch.tensor([HEIGHT])


def test_the_example_runs():
    assert doctest.testmod(sample).failed == 0


def image(channels: int = 3, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 1, HEIGHT * WIDTH, channels, generator=generator, dtype=torch.float64)


def read_at(values: Tensor, places: Tensor, lines: Tensor = FULL) -> Tensor:
    """What each of the places [T, 2] reads. [T, D]"""
    return sample.read(values, *sample.corners(places[None, None], grid=(HEIGHT, WIDTH), lines=lines))[0, 0]


def test_four_corners_by_hand():
    index, weight = sample.corners(torch.tensor([[[1.25, 2.5]]]), grid=(HEIGHT, WIDTH), lines=FULL)
    assert index.tolist() == [[[9, 10, 16, 17]]]
    assert weight.tolist() == [[[0.375, 0.375, 0.125, 0.125]]]


@given(seed=st.integers(0, 2**20))
def test_it_reads_what_torch_reads(seed: int):
    places = 14 * torch.rand(11, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 4
    values = image(seed=seed)
    there = (2 * places + 1) / torch.tensor([HEIGHT, WIDTH]) - 1
    maps = values[0].transpose(1, 2).view(1, 3, HEIGHT, WIDTH)
    # torch counts the fastest axis first.
    expected = F.grid_sample(maps, there.flip(-1)[None, None], align_corners=False)[0, :, 0].T
    torch.testing.assert_close(read_at(values, places), expected, rtol=1e-12, atol=1e-13)


def test_weights_of_a_place_inside_sum_to_one_and_fade_out_at_the_border():
    places = torch.tensor([[0.0, 0.0], [4.0, 6.0], [2.7, 3.1], [-0.25, 3.0], [4.25, 6.5], [-1.0, 0.0], [5.0, 7.0]])
    _, weight = sample.corners(places[None], grid=(HEIGHT, WIDTH), lines=FULL)
    expected = torch.tensor([1.0, 1.0, 1.0, 0.75, 0.375, 0.0, 0.0])
    torch.testing.assert_close(weight.sum(-1)[0], expected)


def test_an_example_with_fewer_lines_ends_there():
    places = torch.tensor([[1.5, 2.0], [2.0, 2.0], [0.5, 6.0]])
    _, weight = sample.corners(places[None], grid=(HEIGHT, WIDTH), lines=torch.tensor([2]))
    assert weight.sum(-1)[0].tolist() == [0.5, 0.0, 1.0]


@pytest.mark.parametrize("far", [1e30, -1e30, torch.inf, -torch.inf])
def test_what_is_very_far_away_reads_nothing(far: float):
    places = torch.tensor([[far, 1.0], [1.0, far]], dtype=torch.float64, requires_grad=True)
    found = read_at(image(), places)
    assert not found.any()
    (slope,) = torch.autograd.grad(found.sum(), places)
    assert not slope.any()


def test_a_place_that_is_no_number_reads_no_number():
    assert read_at(image(), torch.tensor([[torch.nan, 1.0]], dtype=torch.float64)).isnan().all()


def test_on_a_position_the_gradient_is_that_towards_the_next():
    values = image()
    places = torch.tensor([[2.0, 3.5]], dtype=torch.float64, requires_grad=True)
    maps = values.view(HEIGHT, WIDTH, 3)
    (slope,) = torch.autograd.grad(read_at(values, places)[0, 0], places)
    expected = (maps[3, 3:5, 0] - maps[2, 3:5, 0]).mean(), maps[2, 4, 0] - maps[2, 3, 0]
    torch.testing.assert_close(slope[0], torch.stack(expected))


def test_it_has_derivatives_for_values_and_places():
    places = 5 * torch.rand(3, 2, dtype=torch.float64) - 0.5
    inputs = image(channels=2).requires_grad_(), places.requires_grad_()
    assert torch.autograd.gradcheck(read_at, inputs)
