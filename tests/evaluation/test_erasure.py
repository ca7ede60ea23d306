import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.evaluation.erasure import PERCENT, SHARES, erase, join, ranking
from tests.evaluation.linear import linear

WEIGHTS = {"good": 4.0, "fine": 2.0, "the": 0.0, "dull": -1.0}


@pytest.fixture(scope="module")
def pipeline():
    return linear(WEIGHTS, bias=0.5)


def test_curves_of_four_words_by_hand(pipeline):
    rows = pipeline.encode([{"a": "the dull good fine"}])
    # One unit up to 30 percent of four, two at 50, three at 75.
    found = erase(pipeline, rows, [np.array([[2, 3, 0, 1], [1, 0, 3, 2]])])
    assert (found.fractions[0] * 4).tolist() == [0, 1, 1, 1, 1, 1, 2, 3, 4]
    # 0.5 + 4 + 2 - 1 = 5.5; then without good, fine, the, dull.
    assert found.taken[0, 0].tolist() == [5.5, 1.5, 1.5, 1.5, 1.5, 1.5, -0.5, -0.5, 0.5]
    assert found.kept[0, 0].tolist() == [0.5, 4.5, 4.5, 4.5, 4.5, 4.5, 6.5, 6.5, 5.5]
    assert found.taken[0, 1].tolist() == [5.5, 6.5, 6.5, 6.5, 6.5, 6.5, 6.5, 4.5, 0.5]
    assert found.changed[0, 0].tolist() == [False] * 6 + [True, True, False]
    assert not found.changed[0, 1].any()
    assert found.raw.tolist() == [[0.0, 5.5]]
    # A fifth of four, at least one.
    assert found.raw_shortened.tolist() == [[[0.0, 1.5], [0.0, 6.5]]]


def test_the_prediction_for_the_whole_row_is_followed(pipeline):
    (row,) = pipeline.encode([{"a": "dull dull dull good"}])
    found = erase(pipeline, [row], [np.array([[0, 1, 2, 3]])])
    assert found.taken[0, 0, 0] == 1.5
    (row,) = pipeline.encode([{"a": "dull dull dull the"}])
    found = erase(pipeline, [row], [np.array([[0, 1, 2, 3]])])
    assert found.taken[0, 0].tolist() == [2.5, 1.5, 1.5, 1.5, 1.5, 1.5, 0.5, -0.5, -0.5]
    assert found.changed[0, 0].tolist() == [False] * 7 + [True, True]


@pytest.mark.parametrize(("size", "expected"), [(15, [1, 1, 1, 3, 4, 7, 11]), (60, [1, 3, 6, 12, 18, 30, 45])])
def test_shares_are_rounded_down_exactly_and_take_one_unit_at_least(pipeline, size, expected):
    rows = pipeline.encode([{"a": "the " * size}])
    found = erase(pipeline, rows, [np.arange(size)[None]])
    assert (found.fractions[0] * size).round(9).tolist() == [0, *expected, size]


def test_shares_name_every_point():
    assert SHARES == (0.0, 0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
    assert len(SHARES) == len(PERCENT) + 2


def test_rows_are_the_same_alone_and_together(pipeline):
    rows = pipeline.encode([{"a": "the dull good fine"}, {"a": "good dull dull the the fine the"}])
    orders = [np.array([[2, 3, 0, 1]]), np.array([[0, 6, 5, 3, 1, 2, 4]])]
    together = erase(pipeline, rows, orders)
    joined = join([erase(pipeline, rows[:1], orders[:1]), erase(pipeline, rows[1:], orders[1:])])
    for name in ("fractions", "taken", "kept", "changed", "raw", "raw_shortened"):
        assert getattr(together, name).tolist() == getattr(joined, name).tolist()


def test_no_shortened_row_is_answered_twice(pipeline, monkeypatch):
    rows = pipeline.encode([{"a": "the dull good fine"}])
    seen = []
    original = type(pipeline).raw
    monkeypatch.setattr(
        type(pipeline), "raw", lambda self, examples, size: seen.append(len(examples)) or original(self, examples, size)
    )
    erase(pipeline, rows, [np.array([[0, 1, 2, 3]] * 7)])
    # Nothing, {0}, {0, 1}, {0, 1, 2}, everything, and the rest of each.
    assert sum(seen) == 8


@given(st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=13), st.integers(0, 5))
def test_a_ranking_goes_from_the_most_to_the_least_important(scores, seed):
    order = ranking(np.array(scores), np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(scores)))
    assert (np.diff(np.array(scores)[order]) <= 0).all()


def test_ties_are_in_random_order():
    generator = np.random.default_rng(0)
    first = [ranking(np.array([1.0, 0.0, 1.0, 1.0]), generator)[0] for _ in range(300)]
    assert set(first) == {0, 2, 3}
    assert min(first.count(i) for i in (0, 2, 3)) > 70
