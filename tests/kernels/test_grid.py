"""Grids: the way to the axes and back, and layouts that are not one."""

import doctest

import pytest
import torch
from torch import nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from salience.kernels import grid as grids


def layout(*lengths: int, size: int, grid: tuple[int, ...] | None = None) -> Layout:
    return Layout(torch.tensor(lengths), size, grid=grid)


def test_the_example_runs():
    assert doctest.testmod(grids).failed == 0


def test_positions_are_spread_row_by_row_and_back():
    values = torch.arange(6.0).view(1, 6, 1)
    assert grids.spread(values, (2, 3))[0, 0].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert torch.equal(grids.flat(grids.spread(values, (2, 3))), values)


def test_without_a_grid_positions_are_a_sequence():
    assert grids.extents(layout(5, 2, size=7), axes=1, where="here") == (7,)


def test_examples_may_have_fewer_lines():
    image = layout(15, 0, 5, size=15, grid=(3, 5))
    assert grids.extents(image, axes=2, where="here") == (3, 5)
    assert grids.lines(image, (3, 5)).tolist() == [3, 0, 1]


def test_a_convolution_sees_neighbours_along_both_axes():
    kernel = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    nn.init.ones_(kernel.weight)
    seen = grids.convolved(kernel, torch.arange(6.0).view(1, 6, 1), (2, 3))
    assert seen.flatten().tolist() == [8.0, 15.0, 12.0, 8.0, 15.0, 12.0]


@pytest.mark.parametrize("batch", [0, 2])
def test_a_convolution_of_nothing_gives_nothing(batch: int):
    assert grids.convolved(nn.Conv2d(3, 5, 7, padding=3), torch.zeros(batch, 0, 3), (0, 2)).shape == (batch, 0, 5)


@pytest.mark.parametrize(("grid", "axes"), [(None, 2), ((3, 5), 1), ((3, 1, 5), 2)])
def test_another_number_of_axes_is_an_error_that_names_the_option(grid: tuple[int, ...] | None, axes: int):
    found = 1 if grid is None else len(grid)
    with pytest.raises(DataError, match=rf"X was made for a grid of {axes} axes, .* one of {found}[\s\S]*axes={found}"):
        grids.extents(layout(15, size=15, grid=grid), axes=axes, where="X")


def test_more_axes_than_any_mechanism_has_are_an_error():
    with pytest.raises(DataError, match=r"in one of 4[\s\S]*give data with 1 to 3 axes"):
        grids.extents(layout(1, size=1, grid=(1, 1, 1, 1)), axes=2, where="X")


def test_a_grid_of_another_size_is_an_error():
    with pytest.raises(DataError, match=r"a grid of 3 x 5 has 15 positions, the layout 16[\s\S]*longest example"):
        grids.extents(layout(15, size=16, grid=(3, 5)), axes=2, where="X")


def test_an_example_that_ends_inside_a_line_is_an_error():
    with pytest.raises(DataError, match=r"\[15, 7\] are not all multiples of 5[\s\S]*\(3, 5\)[\s\S]*first axis"):
        grids.extents(layout(15, 7, size=15, grid=(3, 5)), axes=2, where="X")


@pytest.mark.parametrize("axes", [0, 3])
def test_axes_that_a_mechanism_does_not_have_are_an_error(axes: int):
    with pytest.raises(ConfigError, match=rf"1 to 2 axes, got {axes}[\s\S]*1 for a sequence, 2 for an image$"):
        grids.checked_axes(axes, most=2, where="X")
