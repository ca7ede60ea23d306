import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from salience.core.errors import ConfigError
from salience.evaluation.plausibility import random_token_f1, select, token_scores


def generator(seed=0):
    return np.random.default_rng(seed)


def test_precision_recall_and_f1_by_hand():
    selected = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]], dtype=bool)
    marked = np.array([1, 0, 0, 0, 1], dtype=bool)
    precision, recall, f1 = token_scores(selected, marked)
    assert precision == pytest.approx([1 / 3, 1 / 2, 0])
    assert recall == pytest.approx([1 / 2, 1 / 2, 0])
    assert f1 == pytest.approx([2 / 5, 1 / 2, 0])


def test_nothing_selected_and_nothing_marked_is_zero_and_no_warning():
    assert [float(each) for each in token_scores(np.zeros(3, bool), np.zeros(3, bool))] == [0, 0, 0]


def test_five_forced_units_against_a_rationale_of_one_reach_a_third_at_most():
    marked = np.zeros(11, bool)
    marked[4] = True
    best = select(marked.astype(float), 5, generator=generator())
    assert token_scores(best, marked)[2] == pytest.approx(1 / 3)


@given(st.integers(2, 13), st.integers(0, 2**32 - 1))
def test_scores_are_those_of_a_library(length, seed):
    selected, marked = generator(seed).random((2, length)) < 0.5
    reference = precision_recall_fscore_support(marked, selected, average="binary", zero_division=0)
    assert [float(each) for each in token_scores(selected, marked)] == pytest.approx(reference[:3])


@given(st.integers(1, 13), st.integers(0, 17), st.integers(0, 2**32 - 1))
def test_the_k_largest_are_selected(length, k, seed):
    importance = generator(seed).integers(0, 4, length).astype(float)
    selected = select(importance, k, generator=generator(seed))
    assert selected.sum() == min(k, length)
    if 0 < k < length:
        assert importance[selected].min() >= importance[~selected].max()


def test_ties_are_broken_at_random_and_not_by_position():
    selected = select(np.zeros((4000, 5)), 2, generator=generator())
    # Each unit is taken with probability 2/5: four standard errors.
    assert selected.mean(0) == pytest.approx(0.4, abs=4 * np.sqrt(0.4 * 0.6 / 4000))


def test_equal_seeds_break_ties_alike():
    first, second = (select(np.zeros(31), 7, generator=generator(3)) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize(("length", "marked", "k"), [(7, 3, 5), (7, 1, 5), (23, 5, 5), (5, 5, 2)])
def test_the_closed_form_is_the_mean_f1_of_random_selections(length, marked, k):
    marks = np.arange(length) < marked
    drawn = token_scores(select(np.zeros((20_000, length)), k, generator=generator()), marks)[2]
    # Four standard errors, and rounding.
    assert random_token_f1(length, marked, k) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 20_000**0.5 + 1e-12)


@pytest.mark.parametrize(("marked", "k"), [(8, 2), (2, 8), (0, 0), (-1, 3)])
def test_the_closed_form_refuses_impossible_numbers(marked, k):
    with pytest.raises(ConfigError, match=f"at most 7 units marked and selected.*got {marked} and {k}"):
        random_token_f1(7, marked, k)
