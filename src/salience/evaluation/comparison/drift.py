"""Importance drift: how far two models point at different parts of the same rows.

Legend: N rows, P pieces (units, or characters where the units differ), K numbers per row.

With shares p = s / sum |s| of the scores s of one model, q of the other, and A and B their k strongest units:

    drift   = sum_i |p_i - q_i| / 2       total variation; 0: the same, 1: nothing in common
    overlap = 2 |A and B| / (|A| + |B|)   1: the same, 0: nothing in common

and the rank correlations of Spearman (1904) and Kendall (1938, tau-b), each per row, and averaged over rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from salience.core.errors import DataError
from salience.core.place import Heat
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.comparison.pieces import View, on_characters, on_units, same_units
from salience.evaluation.plausibility.averages import mean_of_defined
from salience.evaluation.score import Score

#: How many units are the strongest: percent of the units of the row, rounded down, but at least so many. Rows that have
#: no more units than that are left out.
TOP: Mapping[str, tuple[int, int]] = {"top_1": (0, 1), "top_3": (0, 3), "top_20_percent": (20, 1)}
_NAMES = ("drift", "spearman", "kendall", *TOP)


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the importances of two models differ: averages over rows, with intervals."""

    #: The share of the importance that lies elsewhere.
    drift: Score
    #: Agreement of the ranks of all pieces, from -1 to 1.
    spearman: Score
    kendall: Score
    #: Which of the strongest units are the same: top_1, top_3, top_20_percent.
    overlap: dict[str, Score]
    #: Units or characters.
    pieces: str
    num_rows: int
    #: Rows where a model finds all pieces equally important: they have no ranks.
    num_constant: int
    #: Rows where a model finds nothing important: they have no shares either, and take no part.
    num_empty: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_drift(first: Sequence[Sequence[Heat]], second: Sequence[Sequence[Heat]], bootstrap: Bootstrap) -> Drift:
    """Compare two importances of the same rows, in the same order.

    Where one row has other units by one model than by the other, all rows are compared on characters: every unit gives
    its score to its characters in equal parts.

    Raises:
        DataError: there are no rows, or not equally many.
        NotAvailable: units differ, and are no stretches of a text.
    """
    if len(first) != len(second) or not first:
        raise DataError(f"expected importances of the same rows, got {len(first):,} and {len(second):,}")
    alike = all(map(same_units, first, second))
    views = [
        (on_units(one), on_units(other)) if alike else on_characters(one, other)
        for one, other in zip(first, second, strict=True)
    ]
    values = np.array([_row(*each) for each in views])
    score = {
        name: bootstrap.estimate(mean_of_defined(values[:, k]), len(values), undefined=_REASONS[name])
        for k, name in enumerate(_NAMES)
    }
    return Drift(
        drift=score["drift"],
        spearman=score["spearman"],
        kendall=score["kendall"],
        overlap={name: score[name] for name in TOP},
        pieces="units" if alike else "characters",
        num_rows=len(values),
        num_constant=sum(any(_constant(each.spread()) for each in pair) for pair in views),
        num_empty=sum(any(_empty(each) for each in pair) for pair in views),
    )


def _row(first: View, second: View) -> list[float]:
    """The numbers of one row in the order of the names; NaN where one is undefined."""
    if _empty(first) or _empty(second):
        return [np.nan] * len(_NAMES)
    return [
        total_variation(first.spread(), second.spread()),
        *rank_correlations(first.spread(), second.spread()),
        *(_overlap(first, second, *size) for size in TOP.values()),
    ]


def total_variation(first: Float[np.ndarray, "P"], second: Float[np.ndarray, "P"]) -> float:
    """Half the sum of the differences of the shares; a score that changes its sign counts with its whole size.

    >>> total_variation(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    0.25
    """
    shares = (each / np.abs(each).sum() for each in (first, second))
    return float(np.abs(np.subtract(*shares)).sum() / 2)


def rank_correlations(first: Float[np.ndarray, "P"], second: Float[np.ndarray, "P"]) -> tuple[float, float]:
    """The correlations of Spearman and of Kendall (tau-b); NaN where one of both finds all pieces equally important."""
    from scipy.stats import kendalltau, spearmanr

    if _constant(first) or _constant(second):
        return np.nan, np.nan
    return float(spearmanr(first, second).statistic), float(kendalltau(first, second).statistic)


def _overlap(first: View, second: View, percent: int, least: int) -> float:
    units = [len(each.scores) for each in (first, second)]
    k = [max(least, each * percent // 100) for each in units]
    if k[0] >= units[0] or k[1] >= units[1]:
        return np.nan
    one, other = first.top(k[0]), second.top(k[1])
    return float(2 * np.minimum(one, other).sum() / (one.sum() + other.sum()))


def _empty(view: View) -> bool:
    return not np.any(view.scores)


def _constant(values: Float[np.ndarray, "P"]) -> bool:
    # Models count in single precision: what only its rounding leaves is no order.
    return len(values) < 2 or bool(np.ptp(values) <= 1e-6 * np.abs(values).max())


_REASONS = {
    "drift": "in every row a model finds nothing important",
    "spearman": "a model finds all parts of every row equally important",
    "kendall": "a model finds all parts of every row equally important",
    "top_1": "no row has two units",
    "top_3": "no row has four units",
    "top_20_percent": "no row has two units",
}
