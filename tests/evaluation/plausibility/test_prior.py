import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.evaluation.plausibility import position_prior
from salience.evaluation.plausibility.prior import resampled


def rows(*marks):
    return [np.atleast_2d(np.array(each, dtype=bool)) for each in marks]


def test_resampling_by_hand():
    assert resampled(np.array([1.0, 0.0, 0.0]), 2) == pytest.approx([2 / 3, 0])
    assert resampled(np.array([1.0, 3.0]), 4) == pytest.approx([1, 1, 3, 3])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=23), st.integers(1, 31))
def test_resampling_keeps_the_mean(values, count):
    assert resampled(np.array(values), count).mean() == pytest.approx(np.mean(values), abs=1e-12)


def test_the_prior_of_a_row_comes_from_the_others():
    first, second, third = position_prior(rows([1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]))
    assert first == pytest.approx([0.5, 0, 0, 0.5])
    assert second == pytest.approx([0.5, 0, 0, 0.5])
    assert third == pytest.approx([1, 0, 0, 0])


def test_rows_of_other_lengths_count_by_relative_position_and_annotators_in_part():
    (short, _) = position_prior(rows([0, 1], [[1, 1, 0, 0, 0], [0, 1, 0, 0, 0]]))
    # The half of five units: one marked by one of two, one by both, and half of an unmarked one.
    assert short == pytest.approx([1.5 / 2.5, 0])


def test_a_row_without_units_has_an_empty_prior():
    assert [len(each) for each in position_prior(rows([], [0, 1], [1, 0, 0]))] == [0, 2, 3]


def test_a_single_row_has_no_prior():
    with pytest.raises(DataError, match="needs two with units; got 1"):
        position_prior(rows([0, 1], []))
