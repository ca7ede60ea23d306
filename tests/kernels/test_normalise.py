"""From scores to weights: by hand, then the properties of any masked softmax."""

import doctest
import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.kernels import normalise, reference

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)

Weigh = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
EVERY = pytest.mark.parametrize(
    "weigh",
    [
        pytest.param(normalise.softmax, id="softmax"),
        pytest.param(partial(normalise.top_k, k=3), id="top_k"),
        pytest.param(normalise.sparsemax, id="sparsemax"),
        pytest.param(normalise.entmax, id="entmax"),
        pytest.param(partial(normalise.entmax, alpha=1.3), id="entmax 1.3"),
    ],
)


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


def test_sparsemax_by_hand():
    # The first two share what is left of one above their threshold, (0.5 + 0.1 - 1) / 2 = -0.2.
    weights = normalise.sparsemax(torch.tensor([0.5, 0.1, -0.2, 9.0]), torch.tensor([True, True, True, False]))
    torch.testing.assert_close(weights, torch.tensor([0.7, 0.3, 0.0, 0.0]))


def test_entmax_by_hand():
    # Half scores 0 and -0.2: (0 + 0.8) ** 2 + (-0.2 + 0.8) ** 2 = 1, and -0.9 is below the threshold of -0.8.
    weights = normalise.entmax(torch.tensor([0.0, -0.4, -1.8, 9.0]), torch.tensor([True, True, True, False]))
    torch.testing.assert_close(weights, torch.tensor([0.64, 0.36, 0.0, 0.0]))


def test_top_k_by_hand():
    scores = torch.tensor([0.0, math.log(3), -1.0, 50.0], dtype=torch.float64)
    weights = normalise.top_k(scores, torch.tensor([True, True, True, False]), 2)
    torch.testing.assert_close(weights, torch.tensor([0.25, 0.75, 0.0, 0.0], dtype=torch.float64))


def test_ties_are_cut_at_k():
    weights = normalise.top_k(torch.zeros(11, 7), torch.ones(11, 7, dtype=torch.bool), 3)
    assert weights.count_nonzero(dim=-1).tolist() == [3] * 11


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


@given(
    rows=st.integers(1, 13), sources=st.integers(1, 17), seed=st.integers(0, 999), spread=st.sampled_from([0.1, 1.0, 9])
)
def test_sparse_weights_equal_those_of_the_entmax_package(rows: int, sources: int, seed: int, spread: float):
    import entmax

    scores, seen = random_scores(rows, sources, seed, spread)
    seen[:, 0] = True
    for ours, theirs in (
        (normalise.sparsemax, entmax.sparsemax),
        (normalise.entmax, entmax.entmax15),
        (partial(normalise.entmax, alpha=1.3), partial(entmax.entmax_bisect, alpha=1.3, n_iter=80)),
    ):
        ours_in, theirs_in = (scores.clone().requires_grad_() for _ in range(2))
        found, expected = ours(ours_in, seen), theirs(torch.where(seen, theirs_in, -1e4), dim=-1)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
        for weights in (found, expected):
            (weights * torch.linspace(-1, 1, sources, dtype=torch.float64)).sum().backward()
        torch.testing.assert_close(ours_in.grad, theirs_in.grad, rtol=1e-7, atol=1e-9)


@EVERY
@given(seed=st.integers(0, 99))
@settings(max_examples=5)
def test_weights_do_not_change_when_all_scores_of_a_row_move(weigh: Weigh, seed: int):
    scores, seen = random_scores(5, 7, seed)
    torch.testing.assert_close(weigh(scores + 16, seen), weigh(scores, seen), rtol=1e-12, atol=1e-13)


def test_entmax_runs_from_softmax_to_sparsemax():
    scores, seen = random_scores(11, 7, seed=0, spread=2.0)
    counts = [normalise.entmax(scores, seen, alpha).count_nonzero() for alpha in (1.01, 1.3, 1.5, 1.7, 2.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    soft = normalise.softmax(scores, seen)
    torch.testing.assert_close(normalise.entmax(scores, seen, 1 + 1e-6), soft, rtol=0, atol=1e-5)
    for alpha in (1.5, 2.0):
        near = normalise.entmax(scores, seen, alpha - 1e-9)
        torch.testing.assert_close(near, normalise.entmax(scores, seen, alpha), rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY
@given(seed=st.integers(0, 99))
@settings(max_examples=5)
def test_unseen_sources_are_exactly_zero_and_rows_sum_to_one(weigh: Weigh, dtype: torch.dtype, seed: int):
    scores, seen = random_scores(11, 7, seed)
    weights = weigh(scores.to(dtype), seen)
    assert weights.dtype == dtype
    assert not weights[~seen].any()
    # Each of the seven weights is rounded once, and a threshold shared by all of them.
    torch.testing.assert_close(
        weights.double().sum(-1), seen.any(-1).double(), rtol=0, atol=14 * torch.finfo(dtype).eps
    )


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY
def test_a_row_that_sees_nothing_is_zero(weigh: Weigh, dtype: torch.dtype):
    assert not weigh(torch.randn(5, 3, dtype=dtype), torch.zeros(5, 3, dtype=torch.bool)).any()


@EVERY
def test_a_row_without_sources_is_empty(weigh: Weigh):
    assert weigh(torch.zeros(3, 0), torch.ones(3, 0, dtype=torch.bool)).shape == (3, 0)


@EVERY
def test_a_mask_is_shared_by_rows(weigh: Weigh):
    scores, seen = random_scores(11, 7, seed=0)
    assert torch.equal(weigh(scores, seen[:1]), weigh(scores, seen[:1].expand(11, 7)))


@EVERY
def test_a_score_that_is_not_a_number_stays_visible(weigh: Weigh):
    scores = torch.tensor([0.0, torch.nan, 1.0])
    assert weigh(scores, torch.ones(3, dtype=torch.bool)).isnan().any()


@pytest.mark.parametrize("garbage", [torch.nan, torch.inf, -torch.inf])
@EVERY
def test_what_unseen_scores_hold_reaches_neither_weights_nor_gradients(weigh: Weigh, garbage: float):
    clean, seen = random_scores(11, 7, seed=0)
    clean = torch.where(seen, clean, 0.0).requires_grad_()
    dirty = torch.where(seen, clean.detach(), garbage).requires_grad_()
    wanted = torch.randn(11, 7, dtype=torch.float64)
    for scores in (clean, dirty):
        (weigh(scores, seen) * wanted).sum().backward()
    assert torch.equal(weigh(clean, seen), weigh(dirty, seen))
    assert torch.equal(clean.grad, dirty.grad)
    assert not dirty.grad[~seen].any()


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
@EVERY
def test_no_step_of_the_gradient_is_nan(weigh: Weigh):
    scores, seen = random_scores(5, 7, seed=0)
    seen[2] = False
    with torch.autograd.detect_anomaly():
        weigh(scores.requires_grad_(), seen).square().sum().backward()


@EVERY
def test_gradients_are_right(weigh: Weigh):
    scores, seen = random_scores(5, 7, seed=0)
    seen[2] = False
    assert torch.autograd.gradcheck(lambda x: weigh(x, seen), scores.requires_grad_())
