"""Does attention rank the parts of a row as gradients do, and as leaving them out does? (Jain and Wallace 2019)

Legend: N rows, U units of a row, K correlations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation.gradient import FixedAttentionGradient
from salience.evaluation.explanation.looking import read
from salience.evaluation.explanation.output_change import OutputChange
from salience.evaluation.explanation.summary import DRAWS, Summary, only, predicted, summarise
from salience.evaluation.importance import Received
from salience.evaluation.importance.importance import Importance
from salience.evaluation.removal import together
from salience.evaluation.score import Score
from salience.pipeline import Pipeline

#: What p has to be below for a correlation to count as significant.
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Correlation:
    """Kendall's tau-b between two importances, per row and summed up; ties lower what can be reached."""

    tau: Summary
    #: The share of rows whose correlation has p <= 0.05, in either direction.
    significant: Score


@dataclass(frozen=True, slots=True)
class Correlations:
    """How alike attention, gradients and leaving out rank the units of a row.

    The keys are "attention, gradient", "attention, left out" and "gradient, left out". The last one is a yardstick: how
    far two methods agree that both ask the model itself.
    """

    overall: dict[str, Correlation]
    #: By what was predicted; empty where the task is not to choose one class.
    by_class: dict[str, dict[str, Correlation]]
    num_rows: int
    #: Rows where one of the importances is the same for all units, so that there is no order.
    num_undefined: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_correlations(
    pipeline: Pipeline,
    rows: Iterable[Any],
    *,
    attention: Importance | None = None,
    gradient: Importance | None = None,
    left_out: Importance | None = None,
    bootstrap: Bootstrap = DRAWS,
) -> Correlations:
    """Correlate three importances over the units of each row.

    Args:
        rows: rows that training has not seen.
        attention: by default `Received()`.
        gradient: by default `FixedAttentionGradient()`.
        left_out: by default `OutputChange()`.
        bootstrap: how rows are drawn anew for intervals.

    Raises:
        DataError: there are no rows.
        NotAvailable: the model has no pool that could be given weights.

    Reference: Jain and Wallace 2019, "Attention is not Explanation", section 4.1 and table 2.
    """
    encoded = read(pipeline, rows)
    methods = {
        "attention": Received() if attention is None else attention,
        "gradient": FixedAttentionGradient() if gradient is None else gradient,
        "left out": OutputChange() if left_out is None else left_out,
    }
    units = {name: [together(each) for each in method.scores(pipeline, encoded)] for name, method in methods.items()}
    classes = predicted(pipeline, pipeline.raw(encoded))
    found = {
        f"{one}, {other}": np.reshape(
            [kendall_tau(*each) for each in zip(units[one], units[other], strict=True)], (len(encoded), 2)
        )
        for one, other in combinations(units, 2)
    }
    return Correlations(
        overall=_summed_up(found, bootstrap),
        by_class={
            name: _summed_up({pair: _of_class(each, classes, name) for pair, each in found.items()}, bootstrap)
            for name in sorted(set(classes))
        },
        num_rows=len(encoded),
        num_undefined=int(np.isnan([each[:, 0] for each in found.values()]).any(0).sum()),
    )


def kendall_tau(one: Float[np.ndarray, "U"], other: Float[np.ndarray, "U"]) -> tuple[float, float]:
    r"""Kendall's tau-b and its p: :math:`(C - D) / \sqrt{(C + D + T_1) (C + D + T_2)}`.

    C and D count the pairs of units that both order alike and differently, T those that one of them alone ties. NaN
    where there is no order.

    >>> tau, p = kendall_tau(np.array([0.1, 0.2, 0.7]), np.array([1.0, 3.0, 2.0]))
    >>> round(tau, 3)
    0.333
    """
    from scipy.stats import kendalltau

    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan"), float("nan")
    found = kendalltau(one, other)
    return float(found.statistic), float(found.pvalue)


def _summed_up(found: Mapping[str, Float[np.ndarray, "N 2"]], bootstrap: Bootstrap) -> dict[str, Correlation]:
    return {pair: _correlation(each, bootstrap) for pair, each in found.items()}


def _correlation(found: Float[np.ndarray, "N 2"], bootstrap: Bootstrap) -> Correlation:
    tau, p = found.T
    significant = np.where(np.isnan(p), np.nan, p <= LEVEL)
    return Correlation(summarise(tau, bootstrap), summarise(significant, bootstrap).mean)


def _of_class(found: Float[np.ndarray, "N 2"], classes: Sequence[str], name: str) -> Float[np.ndarray, "N 2"]:
    return np.stack([only(each, classes, name) for each in found.T], axis=1)
