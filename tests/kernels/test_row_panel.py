"""Panels of whole rows against the dense reference: every statistic, every option, at awkward sizes."""

import math

import pytest
import torch
from hypothesis import given

from salience.kernels import Problem
from salience.kernels.row_panel import CHUNK, Statistics, row_panel
from tests.kernels.problems import CASES, Case, make, truth

ALL = {"entropy": True, "maximum": True, "top": 5, "lse": True}


def everything(case: Case, value: bool = True, **options) -> Statistics:
    with case.small_blocks():
        return row_panel(case.problem, case.value if value else None, weights=case.weights, **{**ALL, **options})


def test_two_queries_by_hand():
    # Scores (ln 3, 0) and (0, 0): weights (3/4, 1/4) and (1/2, 1/2).
    query, key = torch.tensor([[[[1.0], [0.0]]]]), torch.tensor([[[[math.log(3)], [0.0]]]])
    value, weights = torch.tensor([[[[8.0], [4.0]]]]), torch.tensor([[[[1.0, 2.0]]]])
    found = row_panel(Problem(query, key, 1.0), value, weights=weights, **{**ALL, "top": 1})
    torch.testing.assert_close(found.out, torch.tensor([[[[7.0], [6.0]]]]))
    torch.testing.assert_close(found.received, torch.tensor([[[[1.75, 1.25]]]]))
    torch.testing.assert_close(found.max, torch.tensor([[[0.75, 0.5]]]))
    torch.testing.assert_close(found.lse, torch.tensor([[[math.log(4), math.log(2)]]]))
    first = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    torch.testing.assert_close(found.entropy, torch.tensor([[[first, math.log(2)]]]))
    torch.testing.assert_close(found.top_values, torch.tensor([[[[0.75], [0.5]]]]))
    assert found.top_indices[0, 0, 0].item() == 0


def test_what_is_not_asked_is_not_there():
    found = row_panel(make().problem, lse=True)
    assert found.lse is not None
    assert all(getattr(found, name) is None for name in ("out", "received", "entropy", "max", "top_values"))


@given(case=CASES)
def test_every_statistic_equals_the_reference(case: Case):
    found, expected = everything(case), truth(case)
    for name in ("out", "received", "entropy", "max", "lse"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-12, msg=name)
    # Sources of equal weight may be told in any order; where a row sees too few, the rest is 0.
    best = expected.weights.topk(min(5, case.problem.shape[3])).values
    torch.testing.assert_close(found.top_values, best, rtol=1e-9, atol=1e-12)
    there = expected.weights.gather(-1, found.top_indices)
    torch.testing.assert_close(torch.where(best > 0, there, 0.0), best, rtol=1e-9, atol=1e-12)


@given(case=CASES)
def test_asking_for_more_changes_nothing_else(case: Case):
    # Without entropy nothing is clamped, and without a value nothing is mixed.
    everywhere, expected = everything(case), truth(case)
    alone = everything(case, value=False, entropy=False, maximum=False, top=0, lse=False).received
    torch.testing.assert_close(alone, everywhere.received, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(alone, expected.received, rtol=1e-9, atol=1e-12)


@given(case=CASES)
def test_single_precision_is_exact_to_its_last_digits(case: Case):
    case = case.to(torch.float32)
    largest = case.problem.scores(slice(0, case.problem.shape[2]), slice(0, case.problem.shape[3])).nan_to_num(0, 0, 0)
    if largest.abs().max() > 25:
        return
    found, expected = everything(case), truth(case)
    assert (found.received - expected.received).abs().max() <= 1e-5 * expected.received.abs().max()
    torch.testing.assert_close(found.entropy.double(), expected.entropy, rtol=0, atol=2e-5)
    torch.testing.assert_close(found.out.double(), expected.out, rtol=0, atol=1e-5 * float(case.value.abs().max()))
    torch.testing.assert_close(found.max.double(), expected.max, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_scores_are_never_rounded(dtype: torch.dtype):
    case = make(seen=True, causal=True, spread=2.0).to(dtype)
    expected = truth(case)
    with torch.autocast("cpu", dtype=torch.bfloat16), case.small_blocks():
        found = row_panel(case.problem, case.value, weights=case.weights, **ALL)
    assert (found.out.dtype, found.received.dtype, found.entropy.dtype) == (dtype, torch.float32, torch.float32)
    scale = expected.received.max()
    ours = float((found.received - expected.received).abs().max() / scale)
    key = case.problem.key.repeat_interleave(case.problem.share, dim=1)
    scores = (case.problem.query @ key.mT * case.problem.scale).masked_fill(
        ~case.problem.visible(slice(0, 37), slice(0, 41)), -torch.inf
    )
    eager = case.weights @ torch.nan_to_num(scores.softmax(-1))
    assert ours <= 1e-4
    assert ours <= float((eager - expected.received).abs().max() / scale) / 10


@given(case=CASES)
def test_what_is_given_out_is_received(case: Case):
    alive = case.problem.alive[:, None, None].double()
    with case.small_blocks():
        found = row_panel(case.problem, weights=case.weights).received
    torch.testing.assert_close(found.sum(-1), (case.weights * alive).sum(-1), rtol=1e-12, atol=1e-12)


def test_padded_memory_may_hold_anything_and_receives_exactly_nothing():
    answers = []
    for filling in (0.0, torch.nan, torch.inf):
        case = make(seen=True, asked=True, empty=True, spread=5.0)
        case.problem.query.mT.masked_fill_(~case.problem.asked[:, None, None], filling)
        for each in (case.problem.key, case.value):
            each.mT.masked_fill_(~case.problem.seen[:, None, None], filling)
        case.weights.masked_fill_(~case.problem.asked[:, None, None], filling)
        answers.append(everything(case))
    for name in vars(answers[0]):
        assert torch.equal(getattr(answers[0], name), getattr(answers[1], name)), name
        assert torch.equal(getattr(answers[0], name), getattr(answers[2], name)), name
    unseen = ~case.problem.seen[:, None, None].expand_as(answers[0].received)
    assert not answers[0].received[unseen].any()


def test_an_example_without_sources_gives_zeros():
    case = make(seen=True, empty=True)
    found = everything(case)
    for name in ("out", "received", "entropy", "max", "top_values"):
        assert not getattr(found, name)[0].any(), name
    assert (found.lse[0] == -torch.inf).all()


def test_no_queries_and_no_sources():
    for queries, sources in ((0, 3), (3, 0)):
        problem = Problem(torch.zeros(2, 3, queries, 5), torch.zeros(2, 3, sources, 5), 1.0)
        found = row_panel(problem, torch.zeros(2, 3, sources, 5), weights=torch.ones(2, 3, 1, queries), **ALL)
        assert not found.out.any()
        assert not found.received.any()


def test_the_largest_weights_are_found_among_many_chunks():
    sources = 23 * CHUNK + 11
    problem = Problem(torch.randn(1, 2, 5, 3), torch.randn(1, 2, sources, 3), 2.0)
    weights = problem.scores(slice(0, 5), slice(0, sources)).softmax(-1)
    found = row_panel(problem, top=7)
    values, indices = weights.topk(7)
    torch.testing.assert_close(found.top_values, values)
    assert torch.equal(found.top_indices, indices)


def test_it_is_repeatable_to_the_last_bit():
    case = make(seen=True, causal=True).to(torch.float32)
    one, other = everything(case), everything(case)
    assert all(torch.equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def test_more_threads_change_no_result():
    case, threads = make(seen=True, window=11).to(torch.float32), torch.get_num_threads()
    one = everything(case)
    try:
        torch.set_num_threads(2)
        other = everything(case)
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(one.received, other.received, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(one.out, other.out, rtol=1e-5, atol=1e-6)
