"""Log-sum-exp by torch's own operator, where it is there, and without it: both are the same."""

import math

import pytest
import torch
from hypothesis import given

from salience.kernels import Problem, log_sum_exp
from tests.kernels.problems import CASES, Case, make, truth

# Its values are as wide as the heads, as the operator wants it.
WIDE = 5


def suited(**options) -> Case:
    return make(**options).to(torch.float32)


def both(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    return log_sum_exp.output_and_lse(case.problem, case.value[..., :WIDE].contiguous())


def test_one_query_by_hand():
    key = torch.tensor([[[[3.0], [1.0]]]]).log()
    problem = Problem(torch.ones(1, 1, 1, 1), key, 1.0)
    out, lse = log_sum_exp.output_and_lse(problem, torch.tensor([[[[8.0], [4.0]]]]))
    torch.testing.assert_close((out, lse), (torch.tensor([[[[7.0]]]]), torch.tensor([[[math.log(4)]]])))
    torch.testing.assert_close(log_sum_exp.log_sum_exp(problem), lse)


@given(case=CASES)
def test_it_equals_the_reference_whether_or_not_the_operator_suits(case: Case):
    expected = truth(case)
    out, lse = both(case)
    torch.testing.assert_close(out, expected.out[..., :WIDE], rtol=1e-8, atol=1e-11)
    torch.testing.assert_close(lse, expected.lse, rtol=1e-8, atol=1e-11)


OPTIONS = [{}, {"seen": True}, {"seen": True, "empty": True}, {"causal": True}, {"causal": True, "seen": True}]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("share", [1, 3])
def test_with_and_without_the_operator_are_the_same(options: dict, share: int, monkeypatch: pytest.MonkeyPatch):
    case = suited(share=share, asked=True, **options)
    assert log_sum_exp.FUSED is not None
    assert log_sum_exp.suits_fused(case.problem, case.value[..., :WIDE])
    with_operator = both(case)
    monkeypatch.setattr(log_sum_exp, "FUSED", None)
    without = both(case)
    torch.testing.assert_close(with_operator, without, rtol=1e-5, atol=2e-6)
    assert all(each.is_contiguous() for each in with_operator)


@pytest.mark.parametrize("options", [{"window": 3}, {"bias": (True, True, True)}, {"causal": True, "offset": 2}])
def test_what_would_need_a_large_mask_does_without_the_operator(options: dict):
    case = suited(**options)
    assert not log_sum_exp.suits_fused(case.problem, case.value[..., :WIDE])
    torch.testing.assert_close(both(case)[1].double(), truth(case).lse, rtol=1e-5, atol=1e-5)


def test_an_operator_that_takes_other_things_is_not_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log_sum_exp, "_KNOWN", (("query", "key"), ("output",)))
    assert log_sum_exp._find_fused() is None


def test_a_torch_without_the_operator_is_enough(monkeypatch: pytest.MonkeyPatch):
    class Without:
        pass

    monkeypatch.setattr(torch.ops, "aten", Without())
    assert log_sum_exp._find_fused() is None


def test_padded_memory_may_hold_anything():
    case = suited(seen=True, asked=True)
    expected = both(case)
    case.problem.query.mT.masked_fill_(~case.problem.asked[:, None, None], torch.nan)
    for each in (case.problem.key, case.value):
        each.mT.masked_fill_(~case.problem.seen[:, None, None], torch.nan)
    assert all(map(torch.equal, both(case), expected))
