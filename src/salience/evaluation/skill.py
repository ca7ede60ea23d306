"""How good a method is between two marks: 0 is a reference, 1 is the best competitor.

Legend: N rows, K methods, R draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import Bootstrap, interval, mean
from salience.evaluation.score import Score


@dataclass(frozen=True)
class Drawn:
    """The skill of each method on all rows and in every draw, or the reason why there is no such scale."""

    best: str
    values: dict[str, float]
    draws: dict[str, Float[np.ndarray, "R"]]
    reason: str = ""

    def score(self, name: str) -> Score:
        """The skill of one method with its interval."""
        if self.reason:
            return Score(None, reason=self.reason)
        return Score(self.values[name], *interval(self.draws[name]))


def skills(
    gains: Float[np.ndarray, "N K"],
    names: Sequence[str],
    bootstrap: Bootstrap,
    *,
    reference: str,
    competitors: Sequence[str],
) -> tuple[str, dict[str, Score]]:
    r"""The competitor with the largest mean gain, and of each method :math:`(g - g_{ref}) / (g_{best} - g_{ref})`.

    In a bootstrap draw the best is the best of that draw. Unless the best is certainly better than the reference there
    is no scale, and so no skill.
    """
    found = draw_skills(gains, names, bootstrap, reference=reference, competitors=competitors)
    return found.best, {name: found.score(name) for name in names}


def draw_skills(
    gains: Float[np.ndarray, "N K"],
    names: Sequence[str],
    bootstrap: Bootstrap,
    *,
    reference: str,
    competitors: Sequence[str],
) -> Drawn:
    """The same before draws become intervals."""
    zero, rivals = names.index(reference), [names.index(each) for each in competitors]
    drawn = bootstrap.distribution(mean(gains), len(gains))
    best = drawn[:, rivals].max(1)
    certain, _ = interval(best - drawn[:, zero])
    value = gains.mean(0)
    winner = max(rivals, key=lambda k: value[k])
    if certain is None or certain <= 0 or value[winner] <= value[zero]:
        reason = "no method found parts that certainly matter more to the answer than parts taken at random"
        return Drawn(names[winner], {}, {}, reason)
    # Draws in which nothing is above the reference are rare by now, and have no scale.
    length = np.where(best > drawn[:, zero], best - drawn[:, zero], np.nan)
    value = (value - value[zero]) / (value[winner] - value[zero])
    drawn = (drawn - drawn[:, [zero]]) / length[:, None]
    return Drawn(names[winner], dict(zip(names, value.tolist(), strict=True)), dict(zip(names, drawn.T, strict=True)))
