"""T3, honest numbers: when it says "30 %", did this part really carry 30 %?

Legend: N rows, R parts of a row, K pairs of orders.

Stated are the shares of the method (absolute, summing to one), a. Measured are the absolute Shapley values of the
parts, summing to one, m. Their overlap is what both agree on:

    overlap = sum_i min(a_i, m_i)
    skill = (overlap - overlap of equal shares) / (best possible overlap - overlap of equal shares)

Measured shares have an error of their own. Two halves of the orders give two independent measurements; their distance
1 - overlap is that of two errors of half the data, sqrt(2) * sqrt(2) = 2 times the one error of all of it. So the best
possible overlap is one minus half the distance of the halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import mean
from salience.evaluation.importance.parts import parts_of, summed
from salience.evaluation.removal import together
from salience.evaluation.skill import draw_skills
from salience.evaluation.trust.claim import Estimate, claim, estimate
from salience.evaluation.trust.outcome import INCONCLUSIVE, Measured
from salience.evaluation.trust.trial import Trial

NAME = "honest"
QUESTION = "When it says 30 %, did this part really carry 30 % of the answer?"
PASS, WEAK = 0.5, 0.2
#: Groups of parts in the table, of the same size, from the least to the most stated share.
BINS = 10
_NAMES = ("stated", "equal", "possible")
_MEANINGS = {
    "misleading": "Its percentages are further from what the parts carry than equal ones would be",
    "fail": "Its percentages say hardly more than equal ones about what the parts carry",
    "weak": "Its percentages are only roughly what the parts carry",
    "pass": "Its percentages are about what the parts carry",
}


@dataclass(frozen=True)
class Shares:
    """The shares of the parts of one row, each summing to one: stated, measured, and measured by two halves."""

    stated: Float[np.ndarray, "R"]
    measured: Float[np.ndarray, "R"]
    halves: tuple[Float[np.ndarray, "R"], Float[np.ndarray, "R"]]


def honest(trial: Trial, walks: Sequence[Float[np.ndarray, "K R"]]) -> Measured:
    """Judge the percentages. `walks` are those of the trial's Shapley values, one per row."""
    return judge_shares(measure_shares(trial, walks), trial)


def judge_shares(shares: Sequence[Shares | None], trial: Trial) -> Measured:
    """Judge percentages that were measured on the rows of a trial."""
    kept = [i for i, each in enumerate(shares) if each is not None]
    found = [each for each in shares if each is not None]
    if len(found) < len(shares) / 2:
        sentence = "Nothing can be said: in most rows no part carries more of the answer than another."
        return Measured(NAME, QUESTION, verdict=INCONCLUSIVE, sentence=sentence)
    bootstrap = trial.bootstrap_of(kept)
    numbers = np.array([_overlaps(each) for each in found])
    own, equal, possible = (estimate(mean(each), len(found), bootstrap).score for each in numbers.T)
    statistics = {"overlap": own, "equal": equal, "ceiling": possible}
    drawn = draw_skills(numbers, _NAMES, bootstrap, reference="equal", competitors=["possible"])
    if drawn.reason:
        sentence = "Nothing can be said: equal shares are as near to the measured ones as any can be."
        return Measured(NAME, QUESTION, statistics, verdict=INCONCLUSIVE, sentence=sentence)
    skill = Estimate(drawn.values["stated"], drawn.draws["stated"])
    return Measured(
        NAME,
        QUESTION,
        {"skill": skill.score, **statistics},
        # What is surely below a pass, and not surely a failure, is weak: its own lower line needs no proof.
        claims=(
            claim("misleading", skill, below=0.0),
            claim("fail", skill, below=WEAK),
            claim("weak", skill, above=0.0, below=PASS),
            claim("pass", skill, above=PASS),
        ),
        meanings=_MEANINGS,
        numbers=f"skill {skill.score}; overlap {own.value:.2f}, equal shares {equal.value:.2f}, best possible "
        f"{possible.value:.2f}",
        table=reliability(found),
    )


def measure_shares(trial: Trial, walks: Sequence[Float[np.ndarray, "K R"]]) -> list[Shares | None]:
    """Stated and measured shares of each row; None where all its parts are equally important."""
    stated = (together(each) for each in trial.scores)
    return [
        _shares(summed(np.abs(own), parts_of(row, trial.shapley.parts)), walked)
        for row, own, walked in zip(trial.rows, stated, walks, strict=True)
    ]


def _shares(stated: Float[np.ndarray, "R"], walked: Float[np.ndarray, "K R"]) -> Shares | None:
    half = len(walked) // 2
    values = [stated, *(np.abs(each.mean(0)) for each in (walked, walked[:half], walked[half:]))]
    if np.ptp(values[1]) <= 1e-9 * max(1.0, values[1].max()) or any(each.sum() <= 0 for each in values):
        return None
    own, measured, first, second = (each / each.sum() for each in values)
    return Shares(own, measured, (first, second))


def _overlaps(shares: Shares) -> tuple[float, float, float]:
    """The overlap of stated, of equal, and of the best possible shares with the measured ones."""
    equal = np.full(len(shares.measured), 1 / len(shares.measured))
    apart = 1 - _overlap(*shares.halves)
    return _overlap(shares.stated, shares.measured), _overlap(equal, shares.measured), 1 - apart / 2


def _overlap(one: Float[np.ndarray, "R"], other: Float[np.ndarray, "R"]) -> float:
    return float(np.minimum(one, other).sum())


def reliability(found: Sequence[Shares]) -> tuple[dict[str, float], ...]:
    """Parts of all rows in ten groups by their stated share: what was stated on average, and what was measured."""
    stated = np.concatenate([each.stated for each in found])
    measured = np.concatenate([each.measured for each in found])
    groups = [each for each in np.array_split(np.argsort(stated, kind="stable"), BINS) if len(each)]
    return tuple(
        {"stated": float(stated[each].mean()), "measured": float(measured[each].mean()), "count": float(len(each))}
        for each in groups
    )
