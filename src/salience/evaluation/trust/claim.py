"""A claim, such as "this number lies above 0.7", and how sure the bootstrap is of it.

Legend: R draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import Bootstrap, Statistic, interval
from salience.evaluation.score import Score

# A number that is nearer to a line than this is on it.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A number on all rows and in every draw of rows."""

    value: float
    draws: Float[np.ndarray, "R"] = field(repr=False)

    @property
    def score(self) -> Score:
        """The number with its 95 % interval."""
        return Score(self.value, *interval(self.draws))


@dataclass(frozen=True)
class Claim:
    """A verdict that would hold if it were sure enough.

    Args:
        word: the verdict.
        p: how often draws contradict it, two-sided.
        margin: how many standard errors the number lies inside the claimed range; negative outside.
    """

    word: str
    p: float
    margin: float


def estimate(statistic: Statistic, count: int, bootstrap: Bootstrap) -> Estimate:
    """A statistic of row weights, on all of `count` rows and in every draw."""
    return Estimate(float(statistic(np.ones((1, count)))[0]), bootstrap.distribution(statistic, count))


def claim(word: str, of: Estimate, *, above: float = -math.inf, below: float = math.inf) -> Claim:
    """The claim that a number lies in a range. Without draws nothing is sure.

    >>> claim("high", Estimate(2.0, np.array([1.0, 2.0, 3.0])), above=0.5).p
    0.5
    """
    draws = of.draws[np.isfinite(of.draws)]
    if not len(draws):
        return Claim(word, 1.0, -math.inf)
    outside = max((draws < above + ROUNDING).sum(), (draws > below - ROUNDING).sum())
    # One more than was counted, because no draw can show that something never happens.
    p = min(1.0, 2 * (outside + 1) / (len(draws) + 1))
    spread = max(float(draws.std()), 1e-12)
    return Claim(word, float(p), min(of.value - above, below - of.value) / spread)


def every(word: str, *claims: Claim) -> Claim:
    """The claim that all of these hold: as sure as the least sure of them."""
    return Claim(word, max(each.p for each in claims), min(each.margin for each in claims))


def either(word: str, *claims: Claim) -> Claim:
    """The claim that at least one of these holds, each of which was a chance to be wrong (Bonferroni)."""
    return Claim(word, min(1.0, len(claims) * min(each.p for each in claims)), max(each.margin for each in claims))
