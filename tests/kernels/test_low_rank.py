"""The record of two thin factors: its fast statistics against those of any record, which make rows."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.record import Attention
from salience.kernels.low_rank import LowRank

B, H, T, S, L = 3, 2, 7, 11, 5
EXACT = {"rtol": 1e-12, "atol": 1e-13}


def record(*, causal: bool = False, heads: int = H, dtype: torch.dtype = torch.float64) -> LowRank:
    left = torch.randn(B, H, S if causal else T, L, dtype=torch.float64).to(dtype).requires_grad_()
    right = torch.randn(B, heads, S, L, dtype=torch.float64).to(dtype).requires_grad_()
    return LowRank(left, right, torch.tensor([7, 0, 3]), causal=causal)


def test_by_hand():
    left = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    right = torch.tensor([[[[1.0, 0.0], [-1.0, 1.0]]]])
    found = LowRank(left, right, torch.tensor([2]))
    assert found.weights().tolist() == [[[[1.0, 1.0], [3.0, 1.0]]]]
    assert found.received().tolist() == [[[2.0, 1.0]]]
    assert found.received(torch.tensor([[0.0, 10.0]])).tolist() == [[[30.0, 10.0]]]
    assert not found.normalised
    found = LowRank(left, right, torch.tensor([2]), causal=True)
    assert found.weights().tolist() == [[[[1.0, 0.0], [3.0, 1.0]]]]
    assert found.received().tolist() == [[[2.0, 0.5]]]


def test_entropy_of_weights_of_either_sign_is_that_of_their_sizes():
    found = LowRank(torch.tensor([[[[1.0], [0.0]]]]), torch.tensor([[[[1.0], [-0.5]]]]), torch.tensor([1]))
    expected = math.log(3) - 2 / 3 * math.log(2)
    assert found.entropy().tolist() == [[[pytest.approx(expected), 0.0]]]


@given(causal=st.booleans(), weighted=st.booleans(), heads=st.sampled_from([1, H]), seed=st.integers(0, 99))
def test_received_without_rows_is_received_from_rows(causal: bool, weighted: bool, heads: int, seed: int):
    torch.manual_seed(seed)
    found = record(causal=causal, heads=heads)
    weights = torch.randn(B, found.shape[2], dtype=torch.float64) if weighted else None
    fast, slow = found.received(weights), Attention.received(found, weights)
    torch.testing.assert_close(fast, slow, **EXACT)
    mix = torch.randn(fast.shape, dtype=torch.float64)
    factors = [found._left, found._right]
    slopes = [torch.autograd.grad((each * mix).sum(), factors) for each in (fast, slow)]
    torch.testing.assert_close(*slopes, **EXACT)


def test_entropy_of_positive_weights_that_sum_to_one_is_the_usual_one():
    left = torch.rand(B, H, T, L).softmax(dim=-1)
    right = torch.rand(B, H, S, L).softmax(dim=-2)
    found = LowRank(left, right, torch.full((B,), T), normalised=True)
    torch.testing.assert_close(found.entropy(), Attention.entropy(found))


def test_half_precision_factors_are_multiplied_in_float32():
    found = record(dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rows, received = found.rows(torch.tensor([3, 1])), found.received()
    assert rows.dtype == received.dtype == torch.float32
    exact = found._left.double()[:, :, [3, 1]] @ found._right.double().mT
    torch.testing.assert_close(rows.double(), exact, rtol=1e-6, atol=1e-6)
