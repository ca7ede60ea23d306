"""The output and what describes each row, by the interpreter."""

from typing import Any

import pytest
import torch

from tests.kernels.triton import cases, compare


@pytest.mark.parametrize("name", compare.NAMES)
def test_they_equal_those_of_dense_weights(interpreted: dict[str, Any], name: str):
    compare.same(interpreted, name, "out", "lse", "entropy", "max")


@pytest.mark.parametrize("name", ["blind", "causal behind", "padded with NaN"])
def test_a_row_that_sees_nothing_is_zero(interpreted: dict[str, Any], name: str):
    told = interpreted["answers"][name]
    nothing = cases.expected(cases.CASES[name]()).lse == -torch.inf
    assert nothing.any()
    assert (told["lse"][nothing] == -torch.inf).all()
    assert not any(told[field][nothing].any() for field in ("out", "entropy", "max"))


def test_a_row_that_sees_one_source_is_sure(interpreted: dict[str, Any]):
    told = interpreted["answers"]["own place only"]
    assert (told["max"] == 1).all()
    assert not told["entropy"].any()
