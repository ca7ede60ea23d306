"""Gradients of output, received attention, entropy and log-sum-exp together, by the interpreter."""

from dataclasses import asdict
from typing import Any

import pytest
import torch

from tests.kernels.triton import cases, compare


@pytest.mark.parametrize("name", compare.NAMES)
def test_they_equal_those_of_dense_weights(interpreted: dict[str, Any], name: str):
    compare.same(interpreted, name, "query", "key", "value", "weights")


@pytest.mark.parametrize("name", ["blind", "padded with NaN"])
def test_what_does_not_count_has_none(interpreted: dict[str, Any], name: str):
    found, problem = interpreted["answers"][name], cases.CASES[name]().problem
    for field, real in (("key", problem.seen), ("value", problem.seen), ("query", problem.asked)):
        if real is not None:
            hidden = ~real[:, None].expand(found[field].shape[:3])
            assert not found[field][hidden].any()


def test_sharp_scores_lose_at_most_a_digit_more_than_dense_attention_in_single_precision(interpreted: dict[str, Any]):
    case = cases.CASES["sharp"]()
    exact, single = asdict(cases.expected(case)), asdict(cases.expected(case, torch.float32))
    for field, found in interpreted["answers"]["sharp"].items():
        own = compare.error(single[field], exact[field])
        # The rounding of a large log-sum-exp is in every weight of its row.
        assert compare.error(found, exact[field]) <= 10 * own, field
        assert torch.isfinite(found).all()
