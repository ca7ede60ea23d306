"""Tiles of scores: memory that is shared, ranges that are cut, exponents that need no shift."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.kernels import Problem, units
from tests.kernels.problems import make


def test_exponents_by_hand():
    # Scores 6 and 9 in natural logarithms.
    problem = Problem(torch.tensor([[[[3.0]]]]), torch.tensor([[[[2.0], [3.0]]]]), 1.0)
    (loaded,) = units.load(problem, 1)
    expected = torch.tensor([[[6 / math.log(2), 9 / math.log(2)]]])
    torch.testing.assert_close(loaded.exponents(slice(0, 1), slice(0, 2)), expected)


@given(at_once=st.integers(1, 30))
def test_every_unit_is_loaded_once(at_once: int):
    problem = make(groups=3).problem
    numbered = torch.arange(2 * 3).view(2, 3)
    found = [loaded.mine(numbered) for loaded in units.load(problem, at_once)]
    assert torch.cat(found).tolist() == list(range(6))
    assert all(1 <= len(each) <= at_once for each in found)


def test_columns_without_real_sources_are_cut_and_only_holes_are_masked():
    seen = torch.zeros(3, 11, dtype=torch.bool)
    seen[0, 2:7] = seen[1, 2:9] = True
    problem = Problem(torch.randn(3, 1, 5, 7), torch.randn(3, 1, 11, 7), 1.0, seen=seen)
    first, second, third = units.load(problem, 1)
    assert (first.columns, second.columns) == (slice(2, 7), slice(2, 9))
    assert third.columns.start == third.columns.stop
    assert first.hidden is None
    (together,) = units.load(problem, 3)
    assert together.columns == slice(2, 9)
    assert together.hidden is not None


@pytest.mark.parametrize(("spread", "bounded"), [(1.0, True), (30.0, False), (torch.nan, False)])
def test_only_small_exponents_go_unshifted(spread: float, bounded: bool):
    for loaded in units.load(make(spread=spread).problem, 2):
        assert loaded.bounded == bounded
        exponents = loaded.exponents(slice(0, 37), slice(0, 41))
        assert not bounded or exponents.abs().max() <= units.SAFE


def test_a_space_is_given_again():
    workspace, like = units.Workspace(), torch.zeros(1)
    first = workspace.space("a", (3, 5), like)
    assert workspace.space("a", (2, 7), like).data_ptr() == first.data_ptr()
    assert workspace.space("b", (3, 5), like).data_ptr() != first.data_ptr()
    assert workspace.space("a", (7, 11), like).shape == (7, 11)


def test_overlap_and_blocks():
    assert units.overlap(slice(2, 7), slice(5, 11)) == slice(5, 7)
    empty = units.overlap(slice(2, 3), slice(5, 11))
    assert empty.start == empty.stop
    assert list(units.blocks(slice(3, 10), 4)) == [slice(3, 7), slice(7, 10)]
