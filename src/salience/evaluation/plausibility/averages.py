"""Averages over rows, with intervals, that leave out the rows where a number is undefined.

Legend: N rows, C columns of numbers per row, R draws, K statistics.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import Bootstrap, Statistic, interval
from salience.evaluation.score import Score


def mean_of_defined(values: Float[np.ndarray, "N *C"]) -> Statistic:
    """The statistic that averages each column over the rows of a draw where it is not NaN.

    >>> mean_of_defined(np.array([1.0, 3.0, np.nan]))(np.array([[1, 1, 1], [1, 0, 1]])).tolist()
    [2.0, 1.0]
    """
    defined = np.isfinite(values)
    known = np.where(defined, values, 0.0)

    def statistic(weights: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R *C"]:
        total = weights @ defined.astype(float)
        return np.divide(weights @ known, total, out=np.full(total.shape, np.nan), where=total > 0)

    return statistic


def scores(statistic: Statistic, count: int, bootstrap: Bootstrap, *, undefined: str) -> list[Score]:
    """One score per number of a statistic [R, N] -> [R, K], all from the same draws.

    `undefined` is the reason to give where one has no value.
    """
    values = statistic(np.ones((1, count)))[0]
    drawn = bootstrap.distribution(statistic, count)
    return [
        Score(None, reason=undefined) if np.isnan(value) else Score(float(value), *interval(each))
        for value, each in zip(values, drawn.T, strict=True)
    ]
