"""Softmax over segments: by hand, against a softmax of each segment, and where numbers are extreme."""

import doctest

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.kernels import segment

E, H, N = 31, 3, 7


def test_the_example_runs():
    assert doctest.testmod(segment).failed == 0


def test_shares_by_hand():
    scores = torch.tensor([3.0, 1.0, 5.0, 1.0]).log()[:, None]
    shares = segment.softmax(scores, torch.tensor([1, 0, 1, 0]), segments=2)
    torch.testing.assert_close(shares[:, 0], torch.tensor([0.375, 0.5, 0.625, 0.5]))


@given(seed=st.integers(0, 2**20), count=st.integers(0, E))
def test_it_equals_a_softmax_of_each_segment(seed: int, count: int):
    generator = torch.Generator().manual_seed(seed)
    scores = 5 * torch.randn(count, H, generator=generator, dtype=torch.float64)
    owner = torch.randint(0, N, (count,), generator=generator)
    shares = segment.softmax(scores, owner, segments=N)
    for number in range(N):
        mine = owner == number
        torch.testing.assert_close(shares[mine], scores[mine].softmax(dim=0), rtol=1e-13, atol=1e-15)


def test_what_is_not_seen_gets_zero_and_reaches_no_gradient():
    scores = torch.tensor([[1.0], [torch.nan], [2.0], [torch.inf]], requires_grad=True)
    seen = torch.tensor([True, False, True, False])
    shares = segment.softmax(scores, torch.tensor([0, 0, 0, 1]), segments=2, seen=seen)
    assert shares[:, 0].tolist() == pytest.approx([0.2689414, 0.0, 0.7310586, 0.0])
    (slope,) = torch.autograd.grad(shares[0, 0], scores)
    assert slope[:, 0].tolist() == pytest.approx([0.1966119, 0.0, -0.1966119, 0.0])


def test_large_scores_do_not_overflow():
    scores = torch.tensor([[1e4], [1e4], [-1e4]])
    shares = segment.softmax(scores, torch.tensor([0, 0, 1]), segments=2)
    assert shares[:, 0].tolist() == [0.5, 0.5, 1.0]


def test_half_precision_is_summed_in_single():
    scores = torch.zeros(1000, 1, dtype=torch.bfloat16)
    shares = segment.softmax(scores, torch.zeros(1000, dtype=torch.long), segments=1)
    assert shares.dtype == torch.float32
    torch.testing.assert_close(shares, torch.full((1000, 1), 1e-3))


def test_it_has_first_and_second_derivatives():
    scores = torch.randn(11, 2, dtype=torch.float64, requires_grad=True)
    owner = torch.tensor([0, 3, 0, 2, 2, 0, 3, 2, 0, 1, 3])
    assert torch.autograd.gradcheck(lambda each: segment.softmax(each, owner, segments=5), (scores,))
    assert torch.autograd.gradgradcheck(lambda each: segment.softmax(each, owner, segments=5), (scores,))
