"""A planted series: one variable follows another one, and nothing else tells of it."""

import numpy as np
import pandas as pd
import pytest

from salience.core.errors import ConfigError
from salience.data import planted_series


def test_without_noise_one_variable_is_the_other_one_some_days_before() -> None:
    made = planted_series(rows=211, lag=7, noise=0.0)
    assert made["y"][7:].tolist() == made["x"][:-7].tolist()
    assert made["day"].iloc[[0, -1]].tolist() == ["2020-01-01", "2020-07-29"]


def test_no_other_lag_says_anything() -> None:
    made = planted_series(rows=4001, lag=5)
    for lag in (each for each in range(1, 20) if each != 5):
        for name in ("x", "y"):
            # Five standard deviations of a correlation of nothing.
            assert abs(np.corrcoef(made["y"][lag:], made[name][:-lag])[0, 1]) < 5 / len(made) ** 0.5
    assert np.corrcoef(made["y"][5:], made["x"][:-5])[0, 1] > 0.99


def test_equal_seeds_give_equal_series() -> None:
    pd.testing.assert_frame_equal(planted_series(rows=20, seed=3), planted_series(rows=20, seed=3))
    assert not planted_series(rows=20, seed=3).equals(planted_series(rows=20, seed=4))


@pytest.mark.parametrize("lag", [0, 9, 10])
def test_a_lag_beyond_the_rows_is_refused(lag: int) -> None:
    with pytest.raises(ConfigError, match=f"expected a lag from 1 to below the 9 rows, got {lag}"):
        planted_series(rows=9, lag=lag)
