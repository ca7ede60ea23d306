"""From scores to weights: by hand, then the properties of any masked softmax."""

import doctest
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.kernels import normalise, reference

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def random_scores(rows: int, sources: int, seed: int, spread: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    scores = spread * torch.randn(rows, sources, generator=generator, dtype=torch.float64)
    return scores, torch.rand(rows, sources, generator=generator) < 0.6


def test_softmax_by_hand():
    scores = torch.tensor([0.0, math.log(3), 50.0], dtype=torch.float64)
    weights = normalise.softmax(scores, torch.tensor([True, True, False]))
    torch.testing.assert_close(weights, torch.tensor([0.25, 0.75, 0.0], dtype=torch.float64))


def test_the_examples_run():
    assert doctest.testmod(normalise).failed == 0


@given(
    rows=st.integers(1, 13),
    sources=st.integers(0, 17),
    seed=st.integers(0, 999),
    spread=st.sampled_from([1.0, 1e3, 1e9]),
)
def test_softmax_equals_the_reference(rows: int, sources: int, seed: int, spread: float):
    scores, seen = random_scores(rows, sources, seed, spread)
    if not sources:
        assert normalise.softmax(scores, seen).shape == (rows, 0)
        return
    expected = reference.softmax(scores[None, None], seen[None, None])[0, 0]
    torch.testing.assert_close(normalise.softmax(scores, seen), expected, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("dtype", DTYPES)
@given(seed=st.integers(0, 999))
def test_unseen_sources_are_exactly_zero_and_rows_sum_to_one(dtype: torch.dtype, seed: int):
    scores, seen = random_scores(11, 7, seed)
    weights = normalise.softmax(scores.to(dtype), seen)
    assert weights.dtype == dtype
    assert not weights[~seen].any()
    # Each of the seven weights is rounded once.
    torch.testing.assert_close(weights.double().sum(-1), seen.any(-1).double(), rtol=0, atol=7 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_that_sees_nothing_is_zero(dtype: torch.dtype):
    assert not normalise.softmax(torch.randn(5, 3, dtype=dtype), torch.zeros(5, 3, dtype=torch.bool)).any()


def test_a_mask_is_shared_by_rows():
    scores, seen = random_scores(11, 7, seed=0)
    assert torch.equal(normalise.softmax(scores, seen[:1]), normalise.softmax(scores, seen[:1].expand(11, 7)))


@pytest.mark.parametrize("garbage", [torch.nan, torch.inf, -torch.inf])
def test_what_unseen_scores_hold_reaches_neither_weights_nor_gradients(garbage: float):
    clean, seen = random_scores(11, 7, seed=0)
    clean = torch.where(seen, clean, 0.0).requires_grad_()
    dirty = torch.where(seen, clean.detach(), garbage).requires_grad_()
    wanted = torch.randn(11, 7, dtype=torch.float64)
    for scores in (clean, dirty):
        (normalise.softmax(scores, seen) * wanted).sum().backward()
    assert torch.equal(normalise.softmax(clean, seen), normalise.softmax(dirty, seen))
    assert torch.equal(clean.grad, dirty.grad)
    assert not dirty.grad[~seen].any()


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
def test_no_step_of_the_gradient_is_nan():
    scores, seen = random_scores(5, 7, seed=0)
    seen[2] = False
    with torch.autograd.detect_anomaly():
        normalise.softmax(scores.requires_grad_(), seen).square().sum().backward()


def test_gradients_are_right():
    scores, seen = random_scores(5, 7, seed=0)
    seen[2] = False
    assert torch.autograd.gradcheck(lambda x: normalise.softmax(x, seen), scores.requires_grad_())
