"""Scores of two models on the same rows, and their differences, all from the same draws of rows.

Legend: N rows, C outputs, R draws, K scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import Bootstrap, Statistic, interval
from salience.evaluation.score import Score
from salience.evaluation.scores import LOWER_IS_BETTER, REASONS


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """One score of two models, and the second minus the first."""

    first: Score
    second: Score
    difference: Score
    lower_is_better: bool

    @property
    def gain(self) -> Score:
        """By how much the second model is better, whichever way the score counts."""
        found = self.difference
        if not self.lower_is_better or found.value is None:
            return found
        low, high = (None if each is None else -each for each in (found.high, found.low))
        return Score(-found.value, low, high)

    @property
    def verdict(self) -> str:
        """`better` or `worse` where the interval says which of them the second model is; else `open`."""
        low, high = self.gain.low, self.gain.high
        if low is None or high is None or low <= 0 <= high:
            return "open"
        return "better" if low > 0 else "worse"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "verdict": self.verdict}


def score_changes(
    first: Mapping[str, Statistic], second: Mapping[str, Statistic], count: int, bootstrap: Bootstrap
) -> dict[str, ScoreChange]:
    """Each score of two models on the same `count` rows, from `evaluation.scores.answer_statistics` of each."""
    names = list(first)
    statistics = [*(first[name] for name in names), *(second[name] for name in names)]

    def together(weights: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R K"]:
        return np.stack([each(weights) for each in statistics], axis=1)

    values, drawn = together(np.ones((1, count)))[0], bootstrap.distribution(together, count)
    changes = {}
    for k, name in enumerate(names):
        one, other = ((values[at], drawn[:, at]) for at in (k, k + len(names)))
        both = (other[0] - one[0], other[1] - one[1])
        before, after, difference = (_score(name, *each) for each in (one, other, both))
        changes[name] = ScoreChange(before, after, difference, name in LOWER_IS_BETTER)
    return changes


def _score(name: str, value: float, drawn: Float[np.ndarray, "R"]) -> Score:
    return Score(None, reason=REASONS[name]) if np.isnan(value) else Score(float(value), *interval(drawn))
