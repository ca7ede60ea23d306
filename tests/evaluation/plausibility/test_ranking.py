import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from salience.core.errors import ConfigError
from salience.evaluation.plausibility import auprc, average_precision
from salience.evaluation.plausibility.ranking import permuted

MARKED = np.array([True, False, True, False, False])


def test_areas_by_hand():
    # Marked units stand first and third: precision 1 and 2/3; above the third it is 1/2.
    importance = np.array([0.9, 0.5, 0.3, 0.2, 0.1])
    assert average_precision(importance, MARKED) == pytest.approx((1 + 2 / 3) / 2)
    assert auprc(importance, MARKED) == pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 2)


def test_equal_importances_have_the_share_of_marked_units_as_precision():
    assert average_precision(np.ones(5), MARKED) == pytest.approx(2 / 5)
    # The straight line from precision 1 at recall 0.
    assert auprc(np.ones(5), MARKED) == pytest.approx((1 + 2 / 5) / 2)


@pytest.mark.parametrize("marked", [np.zeros(5, bool), np.ones(5, bool)])
def test_one_class_alone_has_no_area(marked):
    assert np.isnan(average_precision(np.arange(5.0), marked))
    assert np.isnan(auprc(np.arange(5.0), marked))


@given(st.integers(2, 17), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_areas_are_those_of_a_library_with_ties_and_signs(length, levels, seed):
    generator = np.random.default_rng(seed)
    importance = generator.integers(-levels, levels, (3, length)).astype(float)
    marked = generator.permutation(np.arange(length) < generator.integers(1, length))
    for each, precision, area in zip(
        importance, average_precision(importance, marked), auprc(importance, marked), strict=True
    ):
        curve = metrics.precision_recall_curve(marked, each)
        assert precision == pytest.approx(metrics.average_precision_score(marked, each), abs=1e-12)
        assert area == pytest.approx(metrics.auc(curve[1], curve[0]), abs=1e-12)


def test_chance_is_above_the_share_of_marked_units_in_a_short_row():
    # 2 of 13 marked: the mean precision of a random order, over all pairs of ranks.
    marked = np.arange(13) < 2
    exact = np.mean([(1 / a + 2 / b) / 2 for a in range(1, 14) for b in range(a + 1, 14)])
    drawn = average_precision(permuted(np.arange(13.0), 4000, generator=np.random.default_rng(0)), marked)
    assert drawn.mean() == pytest.approx(exact, abs=4 * drawn.std() / np.sqrt(4000))
    assert exact > 1.5 * 2 / 13


def test_permutations_keep_the_numbers():
    drawn = permuted(np.array([3.0, 1.0, 1.0, 2.0]), 5, generator=np.random.default_rng(0))
    assert np.sort(drawn, axis=1).tolist() == [[1, 1, 2, 3]] * 5
    assert len(np.unique(drawn, axis=0)) > 1


def test_at_least_one_permutation_is_asked_for():
    with pytest.raises(ConfigError, match="at least one permutation, got 0"):
        permuted(np.arange(3.0), 0, generator=np.random.default_rng(0))
