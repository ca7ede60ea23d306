"""The second pass against the dense reference, given each row's log-sum-exp."""

import math

import pytest
import torch
from hypothesis import given

from salience.kernels import Problem, column_pass
from tests.kernels.problems import CASES, Case, make, truth


def received(case: Case, lse: torch.Tensor | None = None) -> torch.Tensor:
    with case.small_blocks():
        lse = truth(case).lse.to(case.problem.dtype) if lse is None else lse
        return column_pass.received(case.problem, lse, case.weights)


def test_two_queries_by_hand():
    # Scores (ln 3, 0) and (0, 0): weights (3/4, 1/4) and (1/2, 1/2), counted once and twice.
    query, key = torch.tensor([[[[1.0], [0.0]]]]), torch.tensor([[[[math.log(3)], [0.0]]]])
    lse = torch.tensor([[[math.log(4), math.log(2)]]])
    found = column_pass.received(Problem(query, key, 1.0), lse, torch.tensor([[[[1.0, 2.0]]]]))
    torch.testing.assert_close(found, torch.tensor([[[[1.75, 1.25]]]]))


@given(case=CASES)
def test_it_equals_the_reference(case: Case):
    torch.testing.assert_close(received(case), truth(case).received, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_single_precision_is_exact_to_its_last_digits(spread: float):
    case = make(spread=spread, seen=True, causal=True).to(torch.float32)
    expected = truth(case).received
    assert (received(case) - expected).abs().max() <= 1e-5 * expected.max()


def test_half_precision_scores_are_never_rounded():
    case = make(spread=2.0, seen=True).to(torch.bfloat16)
    expected = truth(case).received
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = received(case)
    assert found.dtype == torch.float32
    assert (found - expected).abs().max() <= 1e-5 * expected.max()


@pytest.mark.parametrize("spread", [1.0, 9.0])
def test_rows_without_sums_give_nothing(spread: float):
    case = make(spread=spread)
    lse = truth(case).lse
    lse[:, :, 1::2] = -torch.inf
    case.weights[..., 1::2] = 0
    expected = truth(case).received
    torch.testing.assert_close(received(case, lse), expected, rtol=1e-9, atol=1e-12)


def test_padded_memory_may_hold_anything_and_receives_exactly_nothing():
    case = make(seen=True, asked=True, spread=9.0)
    lse, expected = truth(case).lse, received(case)
    case.problem.query.mT.masked_fill_(~case.problem.asked[:, None, None], torch.nan)
    case.problem.key.mT.masked_fill_(~case.problem.seen[:, None, None], torch.nan)
    lse.masked_fill_(~case.problem.asked[:, None], torch.nan)
    case.weights.masked_fill_(~case.problem.asked[:, None, None], torch.nan)
    found = received(case, lse)
    assert torch.equal(found, expected)
    assert not found.mT[(~case.problem.seen)[:, None].expand(-1, found.shape[1], -1)].any()


def test_it_is_repeatable_to_the_last_bit():
    case = make(seen=True, causal=True).to(torch.float32)
    assert torch.equal(received(case), received(case))


def test_it_has_no_gradient():
    case = make().trained()
    assert not received(case, truth(case).lse).requires_grad
