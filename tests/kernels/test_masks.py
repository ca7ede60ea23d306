"""Masks: small ones written out, and the errors of layouts that do not fit."""

import doctest

import pytest
import torch

from salience.core.batch import Layout
from salience.core.errors import DataError
from salience.kernels import masks


def layout(*lengths: int, size: int) -> Layout:
    return Layout(torch.tensor(lengths), size)


def test_padding_lets_real_queries_see_real_sources():
    seen = masks.padding(torch.tensor([0, 2]), layout=layout(2, 0, 3, size=3), query_layout=layout(1, 3, 3, size=3))
    assert seen.long().tolist() == [
        [[1, 1, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 0]],
        [[1, 1, 1], [1, 1, 1]],
    ]


def test_causal_lets_nobody_look_ahead():
    assert masks.causal(torch.tensor([2, 0]), size=5).long().tolist() == [[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]]


def test_masks_combine():
    index = torch.arange(3)
    seen = masks.padding(index, layout=layout(2, size=3), query_layout=layout(3, size=3)) & masks.causal(index, size=3)
    assert seen.long().tolist() == [[[1, 0, 0], [1, 1, 0], [1, 1, 0]]]


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 7, 3, 5)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_blank_keeps_what_is_real_and_zeroes_the_rest(shape: tuple[int, ...], dtype: torch.dtype):
    values = torch.randn(shape, dtype=dtype)
    values[0, ..., 1:, :] = torch.nan
    blanked = masks.blank(values, layout(1, 3, size=3))
    assert blanked.dtype == dtype
    assert torch.equal(blanked[0, ..., :1, :], values[0, ..., :1, :])
    assert torch.equal(blanked[1], values[1])
    assert not blanked[0, ..., 1:, :].any()


@pytest.mark.parametrize("wrong", [layout(1, 3, size=1), layout(3, size=3), layout(1, 3, size=4)])
def test_a_layout_of_other_values_is_an_error(wrong: Layout):
    message = (
        rf"describes {len(wrong.lengths)} examples of {wrong.size} positions, the tensor has 2 of 3[\s\S]*query_layout"
    )
    with pytest.raises(DataError, match=message):
        masks.blank(torch.randn(2, 3, 5), wrong)


def test_unpadded_says_that_all_is_real():
    assert masks.unpadded(torch.randn(2, 7, 3, 5)).mask.all()
    assert masks.unpadded(torch.randn(2, 7, 3, 5)).size == 3


def test_the_examples_run():
    assert doctest.testmod(masks).failed == 0
