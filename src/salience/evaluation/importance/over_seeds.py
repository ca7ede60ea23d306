"""How far the numbers of a unit differ between models that were trained alike, with other seeds.

Legend: U units of one column, M members of an ensemble.

With the mean m and the standard deviation s of the M numbers of a unit, the interval is Student's, for the mean over
all seeds there could be:

    m - t s / sqrt(M)  to  m + t s / sqrt(M),   t the 97.5 % quantile with M - 1 degrees of freedom

A unit is faint where the interval covers the number that says nothing. For signed numbers that is 0: the unit may speak
for the prediction or against it. Shares of attention are never negative, and small ones are seldom surely above 0; what
says nothing there is the equal share, that of a model that looks everywhere alike: the unit may have been preferred to
others or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

# Models count in single precision: an equal share may miss itself by so much of its size.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Spread:
    """The numbers of the units of one column over the members of an ensemble."""

    mean: Float[np.ndarray, "U"]
    low: Float[np.ndarray, "U"]
    high: Float[np.ndarray, "U"]
    faint: Bool[np.ndarray, "U"]

    def columns(self) -> tuple[list[Any], ...]:
        """Each as a list, in the order of the fields of `Heat`."""
        return self.mean.tolist(), self.low.tolist(), self.high.tolist(), self.faint.tolist()


def over_seeds(scores: Sequence[Mapping[str, Float[np.ndarray, "U"]]], *, signed: bool) -> dict[str, Spread]:
    """For each column of one row, its numbers by all members as means with intervals.

    Args:
        scores: the numbers of each member, two members or more.
        signed: whether they speak for and against the prediction, or are shares.

    >>> found = over_seeds([{"text": np.array([0.2, 0.8])}, {"text": np.array([0.3, 0.7])}], signed=False)["text"]
    >>> found.mean.tolist(), found.low.round(3).tolist(), found.high.round(3).tolist(), found.faint.tolist()
    ([0.25, 0.75], [0.0, 0.115], [0.885, 1.0], [True, True])
    """
    return {column: _spread(np.array([each[column] for each in scores]), signed=signed) for column in scores[0]}


def _spread(values: Float[np.ndarray, "M U"], *, signed: bool) -> Spread:
    from scipy.stats import t

    count, units = values.shape
    mean = values.mean(0)
    reach = float(t.ppf(0.975, count - 1)) * values.std(0, ddof=1) / np.sqrt(count)
    # Units of a column are paid a fixed sum together, however it is divided among them.
    nothing = 0.0 if signed else mean.sum() / max(1, units)
    slack = _ROUNDING * abs(nothing)
    low, high = mean - reach, mean + reach
    faint = (low <= nothing + slack) & (high >= nothing - slack)
    return Spread(mean, low, high, faint) if signed else Spread(mean, low.clip(min=0.0), high.clip(max=1.0), faint)
