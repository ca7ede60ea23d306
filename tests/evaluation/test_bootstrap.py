import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.evaluation.bootstrap import Bootstrap, interval, mean, median


def test_every_draw_takes_as_many_rows_as_there_are():
    weights = np.concatenate(list(Bootstrap(13).resamples(7)))
    assert weights.shape == (13, 7)
    assert (weights.sum(1) == 7).all()
    assert (weights >= 0).all()


def test_groups_are_drawn_whole():
    groups = ["monday", "friday", "monday", "monday", "sunday"]
    weights = np.concatenate(list(Bootstrap(17, groups=groups).resamples(5)))
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 0] == weights[:, 3]).all()
    assert (weights[:, [0, 1, 4]].sum(1) == 3).all()


def test_blocks_do_not_change_the_number_of_draws(monkeypatch):
    monkeypatch.setattr("salience.evaluation.bootstrap.BLOCK", 30)
    assert [len(block) for block in Bootstrap(11).resamples(7)] == [4, 4, 3]


def test_equal_seeds_give_equal_intervals_and_others_do_not():
    values = np.random.default_rng(3).normal(size=31)
    first, again, other = (Bootstrap(seed=seed).estimate(mean(values), 31) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert first.value == other.value == pytest.approx(values.mean())


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=11), st.data())
def test_weighted_mean_and_median_are_those_of_repeated_rows(values, data):
    weights = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)).filter(any))
    repeated = np.repeat(values, weights)
    columns = np.array(values, dtype=float)[:, None]
    assert mean(columns)(np.array([weights], dtype=float)).item() == pytest.approx(repeated.mean())
    assert median(columns)(np.array([weights], dtype=float)).item() == pytest.approx(np.median(repeated))


def test_several_statistics_share_their_draws():
    values = np.random.default_rng(5).normal(size=(29, 2))
    both = Bootstrap(101).distribution(mean(values), 29)
    one = Bootstrap(101).distribution(mean(values[:, 1]), 29)
    assert both.shape == (101, 2)
    np.testing.assert_allclose(both[:, 1], one)


def test_a_single_row_has_a_value_and_no_interval():
    score = Bootstrap().estimate(mean(np.array([3.0])), 1)
    assert (score.value, score.low, score.high) == (3.0, None, None)


def test_a_single_group_has_no_interval():
    score = Bootstrap(groups=["one"] * 5).estimate(mean(np.arange(5.0)), 5)
    assert (score.value, score.low, score.high) == (2.0, None, None)


def test_undefined_draws_are_left_out_and_too_many_leave_no_interval():
    assert interval(np.array([1.0, np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert interval(np.array([1.0, np.nan, np.nan])) == (None, None)


def test_an_undefined_statistic_says_why():
    score = Bootstrap().estimate(lambda weights: np.full(len(weights), np.nan), 3, undefined="no row is red")
    assert str(score) == "undefined: no row is red"


def test_no_rows_are_an_error():
    with pytest.raises(DataError, match="expected at least one row to draw from, got none"):
        list(Bootstrap().resamples(0))


def test_one_group_is_needed_per_row():
    with pytest.raises(DataError, match="expected one group per row, 3, got 2"):
        list(Bootstrap(groups=[0, 1]).resamples(3))


def coverage(simulate, *, repeats=300, groups=None):
    """How often the interval of a mean holds the true mean, zero."""
    found = 0
    for repeat in range(repeats):
        values = simulate(np.random.default_rng(repeat))
        score = Bootstrap(400, repeat, groups).estimate(mean(values), len(values))
        found += score.low <= 0 <= score.high
    return found / repeats


def test_intervals_cover_the_truth_as_often_as_they_say():
    # Four standard errors of a share of 300 around the nominal 0.95, less 0.01 that 60 rows cost a percentile interval.
    assert 0.89 <= coverage(lambda generator: generator.exponential(size=60) - 1) <= 0.99


def test_intervals_of_clustered_rows_need_the_groups():
    groups = np.repeat(np.arange(40), 5).tolist()

    def simulate(generator):
        return np.repeat(generator.normal(size=40), 5) + 0.1 * generator.normal(size=200)

    assert 0.89 <= coverage(simulate, groups=groups) <= 0.99
    assert coverage(simulate) < 0.75
