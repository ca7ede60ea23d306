"""Bootstrap intervals: how far a number would move if other rows had been drawn (Efron 1979).

Legend: N rows, R draws, K statistics.

A draw is a row of weights: how often it took each row. Every statistic is a function of such weights, [R, N] -> [R],
so that thousands of draws are a few matrix products, and statistics of the same rows are paired without further care.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from salience.core.errors import DataError
from salience.evaluation.score import Score

#: NaN where a draw leaves the statistic undefined.
Statistic = Callable[[Float[np.ndarray, "R N"]], Float[np.ndarray, "R *K"]]

# Weights that are made at once: 4 MB.
BLOCK = 2**19


@dataclass(frozen=True)
class Bootstrap:
    """How rows are drawn anew. Equal seeds give equal draws.

    Args:
        draws: how often; 0 for no intervals.
        groups: one label per row (a day, a speaker). Whole groups are drawn, because their rows are not independent.

    >>> heights = np.array([1.6, 1.7, 1.8, 1.9])
    >>> Bootstrap().estimate(mean(heights), 4).value
    1.75
    """

    draws: int = 2000
    seed: int = 0
    groups: Sequence[Hashable] | None = None

    def estimate(self, statistic: Statistic, count: int, *, undefined: str = "these rows do not determine it") -> Score:
        """The value of a statistic on all of `count` rows, with its 95 % percentile interval.

        `undefined` is the reason to give where all rows together leave the statistic undefined.
        """
        value = float(statistic(np.ones((1, count)))[0])
        if np.isnan(value):
            return Score(None, reason=undefined)
        return Score(value, *interval(self.distribution(statistic, count)))

    def distribution(self, statistic: Statistic, count: int) -> Float[np.ndarray, "R *K"]:
        """The statistic in every draw; it may return several numbers, [R, N] -> [R, K].

        A single row (or group) tells nothing about others: there are no draws then.
        """
        none = statistic(np.ones((1, count)))[:0]
        return np.concatenate([none, *map(statistic, self.resamples(count))])

    def resamples(self, count: int) -> Iterator[Float[np.ndarray, "R N"]]:
        """Weights of all draws, in blocks: how often each draw took each row, or each row's group.

        Raises:
            DataError: there are no rows, or not one group per row.
        """
        of_row = self._numbered(count)
        if of_row.max() == 0:
            return
        generator = np.random.default_rng(self.seed)
        size = max(1, BLOCK // count)
        for start in range(0, self.draws, size):
            yield _weights(of_row.max() + 1, min(size, self.draws - start), generator)[:, of_row]

    def _numbered(self, count: int) -> Int[np.ndarray, "N"]:
        if count < 1:
            raise DataError("expected at least one row to draw from, got none")
        if self.groups is None:
            return np.arange(count)
        if len(self.groups) != count:
            raise DataError(f"expected one group per row, {count:,}, got {len(self.groups):,}")
        numbers = {group: number for number, group in enumerate(dict.fromkeys(self.groups))}
        return np.array([numbers[group] for group in self.groups])


def interval(drawn: Float[np.ndarray, "R"]) -> tuple[float | None, float | None]:
    """The middle 95 % of the defined draws; nothing where fewer than half of the draws are defined."""
    defined = drawn[np.isfinite(drawn)]
    if not len(drawn) or len(defined) < len(drawn) / 2:
        return None, None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def mean(values: Float[np.ndarray, "N *K"]) -> Statistic:
    """The statistic that averages these values over the rows of a draw."""

    def statistic(weights: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R *K"]:
        total = weights.sum(1)
        return (weights @ values) / total.reshape(-1, *[1] * (values.ndim - 1))

    return statistic


def median(values: Float[np.ndarray, "N K"]) -> Statistic:
    """The statistic that takes the median of each column of values over the rows of a draw."""
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, 0)

    def column(weights: Float[np.ndarray, "R N"], k: int) -> Float[np.ndarray, "R"]:
        reached = weights[:, order[:, k]].cumsum(1)
        half = reached[:, -1:] / 2
        # With an even number of rows the median is the mean of the two in the middle.
        lower, upper = (reached >= half).argmax(1), (reached > half).argmax(1)
        return (ordered[lower, k] + ordered[upper, k]) / 2

    return lambda weights: np.stack([column(weights, k) for k in range(values.shape[1])], axis=1)


def _weights(count: int, draws: int, generator: np.random.Generator) -> Float[np.ndarray, "R G"]:
    taken = generator.integers(0, count, (draws, count)) + np.arange(draws)[:, None] * count
    return np.bincount(taken.ravel(), minlength=draws * count).reshape(draws, count).astype(float)
