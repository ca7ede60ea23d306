"""How good the order of lists is, averaged over lists; equal predictions count as every order of their rows does.

Legend: N rows, L lists, S rows of a list, R draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from salience.core.errors import DataError
from salience.evaluation import weighted
from salience.evaluation.bootstrap import Statistic


def ranking_statistics(
    predictions: Float[np.ndarray, "N"], values: Float[np.ndarray, "N"], lists: Float[np.ndarray, "N"], *, top: int
) -> dict[str, Statistic]:
    r"""Every score of a ranking, as functions of row weights; a list weighs as much as its rows do on average.

    `ndcg` is that of the first `top` rows, :math:`\sum_i g_i / \log_2(1 + i)` divided by the same sum in the best
    order; the gain g of a row is its value, less the smallest of the list where that is below 0. `mrr` is the mean of
    1 / rank, by true values, of the row that is predicted to be the first; `first_gain` is the mean of its true value.
    `top_precision` is the share of the first `top` rows that are truly among the first `top`. `spearman` is the
    correlation of ranks, 0 where all rows of a list are predicted to be equal. `rmse` is over rows, not over lists.

    A list that cannot tell is left out of a score: one of a single row, one without gain, one of no more than `top`
    rows for `top_precision`, one of equal values for `spearman`.

    So that equal predictions gain nothing by the order in which rows are given, what they get is the mean over all
    orders of them (McSherry and Najork 2008, "Computing Information Retrieval Performance Measures Efficiently in the
    Presence of Tied Scores"). A constant therefore has the expected score of a random order.

    Args:
        predictions: in the unit of the values.
        lists: the number of the list of each row.

    References: Jarvelin and Kekalainen 2002, "Cumulated Gain-Based Evaluation of IR Techniques"; Feng et al. 2019,
    "Temporal Relational Ranking for Stock Prediction" (`mrr`; their IRR is the sum of `first_gain` over days).
    """
    if not len(predictions) == len(values) == len(lists) or not len(values):
        raise DataError(
            f"expected as many predictions as values and lists, and at least one, got {len(predictions)}, "
            f"{len(values)} and {len(lists)}"
        )
    wrong = int((~np.isfinite(predictions)).sum())
    if wrong:
        raise DataError(
            f"{wrong:,} of {len(predictions):,} predictions are not finite numbers",
            fix="the model has diverged: train with a smaller learning rate, and look for extreme values in its inputs",
        )
    rows = rows_of(lists)
    each = [_List(predictions[i], values[i], top) for i in rows]
    scores: dict[str, Callable[[_List], float]] = {
        "ndcg": _List.ndcg,
        "mrr": _List.reciprocal_rank,
        "top_precision": _List.precision,
        "first_gain": _List.first_gain,
        "spearman": _List.spearman,
    }
    found = {name: _over_lists(np.array([score(one) for one in each]), rows) for name, score in scores.items()}
    return {**found, "rmse": weighted.root_mean((predictions - values) ** 2)}


def rows_of(lists: Float[np.ndarray, "N"]) -> list[Int[np.ndarray, "S"]]:
    """The rows of each list.

    >>> [rows.tolist() for rows in rows_of(np.array([4.0, 2.0, 4.0]))]
    [[1], [0, 2]]
    """
    order = np.argsort(lists, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(lists[order])) + 1)


@dataclass(frozen=True, eq=False)
class _List:
    """One list; NaN where it cannot tell."""

    predicted: Float[np.ndarray, "S"]
    values: Float[np.ndarray, "S"]
    top: int

    def ndcg(self) -> float:
        gains = self.values - min(0.0, self.values.min())
        discounts = np.where(np.arange(len(gains)) < self.top, 1 / np.log2(np.arange(len(gains)) + 2), 0.0)
        best = np.sort(gains)[::-1] @ discounts
        return gains @ self._expected(discounts) / best if len(gains) > 1 and best > 0 else np.nan

    def reciprocal_rank(self) -> float:
        if len(self.values) < 2:
            return np.nan
        ranks = 1 + len(self.values) - np.searchsorted(np.sort(self.values), self.values, side="right")
        return float((1 / ranks)[self._first].mean())

    def first_gain(self) -> float:
        return float(self.values[self._first].mean())

    def precision(self) -> float:
        if len(self.values) <= self.top:
            return np.nan
        among = self.values >= np.sort(self.values)[-self.top]
        return float(among @ self._expected((np.arange(len(among)) < self.top) / self.top))

    def spearman(self) -> float:
        if self.values.min() == self.values.max():
            return np.nan
        if self.predicted.min() == self.predicted.max():
            return 0.0
        return float(weighted.spearman(self.predicted, self.values)(np.ones((1, len(self.values))))[0])

    @property
    def _first(self) -> np.ndarray:
        return self.predicted == self.predicted.max()

    def _expected(self, of_place: Float[np.ndarray, "S"]) -> Float[np.ndarray, "S"]:
        """What each row gets of what the places hold; rows with equal predictions share theirs."""
        _, same, count = np.unique(-self.predicted, return_inverse=True, return_counts=True)
        return (np.add.reduceat(of_place, np.cumsum(count) - count) / count)[same]


def _over_lists(values: Float[np.ndarray, "L"], rows: list[Int[np.ndarray, "S"]]) -> Statistic:
    """The mean over the lists that can tell."""
    known = np.isfinite(values)
    order = np.concatenate(rows)
    sizes = np.array([len(each) for each in rows])
    starts = np.cumsum(sizes) - sizes

    def statistic(weights: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R"]:
        of_list = np.add.reduceat(weights[:, order], starts, axis=1) / sizes
        counted = of_list @ known.astype(float)
        total = of_list @ np.where(known, values, 0.0)
        return np.divide(total, counted, out=np.full(len(weights), np.nan), where=counted > 0)

    return statistic
