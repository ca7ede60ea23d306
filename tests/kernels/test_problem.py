"""Who may look at whom, told in five ways that must agree; and the errors of what does not belong together."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.kernels import Problem
from tests.kernels.problems import CASES, Case, make, truth, who_sees


def plain(queries: int = 3, sources: int = 5, **options) -> Problem:
    return Problem(torch.zeros(2, 6, queries, 7), torch.zeros(2, 3, sources, 7), 1.0, **options)


def test_a_window_by_hand():
    problem = plain(causal=True, offset=1, window=1)
    assert problem.visible(slice(0, 3), slice(0, 5))[0, 0].long().tolist() == [
        [1, 1, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0],
    ]
    assert problem.columns(slice(1, 3)) == slice(1, 4)
    assert problem.rows(slice(2, 3)) == slice(1, 3)
    assert problem.edges(slice(1, 3), slice(1, 4)) == [slice(1, 2), slice(3, 4)]


def test_sizes_have_names():
    assert (plain().shape, plain().groups, plain().share) == ((2, 6, 3, 5), 3, 2)
    half = Problem(torch.zeros(1, 1, 1, 1).bfloat16(), torch.zeros(1, 1, 1, 1).bfloat16(), 1.0)
    assert (half.dtype, make().problem.dtype) == (torch.float32, torch.float64)


@given(case=CASES, data=st.data())
def test_all_that_tells_who_sees_whom_agrees(case: Case, data: st.DataObject):
    problem, visible = case.problem, who_sees(case.problem)
    _, _, queries, sources = problem.shape
    rows, columns = (slice(*sorted(data.draw(st.permutations(range(n + 1)))[:2])) for n in (queries, sources))
    part = visible[:, rows, columns]
    assert torch.equal(problem.visible(rows, columns)[:, 0], part)
    assert torch.equal(problem.visible(torch.arange(queries)[rows], columns)[:, 0], part)
    assert torch.equal(problem.alive, visible.any(dim=2))
    # What is left out is not seen.
    kept = problem.columns(rows)
    assert not visible[:, rows, : kept.start].any()
    assert not visible[:, rows, kept.stop :].any()
    kept = problem.rows(columns)
    assert not visible[:, : kept.start, columns].any()
    assert not visible[:, kept.stop :, columns].any()


@given(case=CASES, data=st.data())
def test_between_the_edges_all_is_near(case: Case, data: st.DataObject):
    problem = case.problem
    rows = slice(*sorted(data.draw(st.permutations(range(problem.shape[2] + 1)))[:2]))
    columns = problem.columns(rows)
    if columns.start == columns.stop:
        return
    near = problem.near(rows, columns)
    edges = problem.edges(rows, columns)
    assert (near is None) == (not edges)
    if near is not None:
        for edge in edges:
            near[:, edge.start - columns.start : edge.stop - columns.start] = True
        assert near.all()


@given(case=CASES)
def test_scores_are_those_of_the_reference(case: Case):
    problem = case.problem
    scores = problem.scores(slice(0, problem.shape[2]), slice(0, problem.shape[3]))
    weights = torch.where(problem.alive[:, None, :, None], scores.softmax(-1), 0.0)
    torch.testing.assert_close(weights, truth(case).weights, rtol=1e-9, atol=1e-14)


def test_what_is_not_seen_or_asked_may_hold_anything():
    problem = make(seen=True, asked=True).problem
    expected = problem.scores(slice(3, 19), slice(5, 31))
    problem.query.mT.masked_fill_(~problem.asked[:, None, None], torch.nan)
    problem.key.mT.masked_fill_(~problem.seen[:, None, None], torch.inf)
    assert torch.equal(problem.scores(slice(3, 19), slice(5, 31)), expected)


def test_scores_are_not_rounded_under_autocast():
    problem = make().to(torch.float32).problem
    everything = slice(0, 37), slice(0, 41)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(problem.scores(*everything), problem.scores(*everything).float())
        assert problem.scores(*everything).dtype == torch.float32


def test_detached_has_no_gradients():
    problem = make(bias=(True, True, True)).trained().problem
    assert not any(each.requires_grad for each in (problem.detached().query, problem.detached().bias))


@pytest.mark.parametrize(
    ("query", "key", "message"),
    [
        ((3, 5, 7), (2, 3, 5, 7), r"query and key of four axes[\s\S]*\(3, 5, 7\) of float32[\s\S]*unsqueeze"),
        ((2, 3, 5, 7), (3, 3, 5, 7), r"differ in their examples[\s\S]*\(3, 3, 5, 7\)"),
        ((2, 3, 5, 7), (2, 3, 5, 11), r"or in the width of a head[\s\S]*same first and last axis"),
        ((2, 5, 3, 7), (2, 3, 5, 7), r"5 heads of queries cannot share 3 heads of keys[\s\S]*a multiple"),
    ],
)
def test_shapes_that_do_not_fit_are_named(query: tuple[int, ...], key: tuple[int, ...], message: str):
    with pytest.raises(DataError, match=message):
        Problem(torch.zeros(query), torch.zeros(key), 1.0)


def test_types_must_be_the_same():
    with pytest.raises(DataError, match=r"one floating point type and on one device[\s\S]*float64[\s\S]*\.to"):
        Problem(torch.zeros(1, 1, 2, 3), torch.zeros(1, 1, 5, 3).double(), 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seen": torch.ones(2, 3, dtype=torch.bool)}, r"`seen` to be bool of shape \(2, 5\), got \(2, 3\) of bool"),
        ({"asked": torch.ones(2, 3)}, r"`asked` to be bool of shape \(2, 3\), got \(2, 3\) of float32"),
        (
            {"bias": torch.zeros(2, 6, 3, 1)},
            r"shape \(2, 6, 3, 5\), or 1 for any axis but the last, got \(2, 6, 3, 1\)",
        ),
        ({"bias": torch.zeros(2, 3, 3, 5)}, r"got \(2, 3, 3, 5\)"),
        ({"bias": torch.ones(1, 1, 1, 5, dtype=torch.bool)}, r"of bool[\s\S]*use the padding mask"),
        ({"window": -1}, r"a window of at least 0 positions, got -1"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict, message: str):
    with pytest.raises(DataError, match=message):
        plain(**options)
