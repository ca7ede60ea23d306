"""A tiny made-up series in which one number some steps before tells the next one, and which one is known."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pandas

from salience.core.errors import ConfigError


def planted_series(*, rows: int = 1000, lag: int = 9, noise: float = 0.1, seed: int = 0) -> pandas.DataFrame:
    r"""Days of two variables: :math:`y_t = x_{t - l} + \epsilon_t`, and x is drawn anew each day.

    Both have standard deviations of about 1. Whoever looks at `lag` days before forecasts y with the error of the
    noise; everything else says nothing.

    Args:
        lag: days from x to y.
        noise: standard deviation of what nothing tells.

    Returns:
        The columns `day`, `x` and `y`.

    Raises:
        ConfigError: there are no rows after the lag, or the lag is not positive.
    """
    if not 1 <= lag < rows:
        raise ConfigError(f"expected a lag from 1 to below the {rows} rows, got {lag}", where="planted_series")
    source = random.Random(seed)
    x = [source.gauss(0, 1) for _ in range(lag + rows)]
    first = date(2020, 1, 1)
    return pandas.DataFrame(
        {
            "day": [(first + timedelta(days=t)).isoformat() for t in range(rows)],
            "x": x[lag:],
            "y": [x[t] + noise * source.gauss(0, 1) for t in range(rows)],
        }
    )
