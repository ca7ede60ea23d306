"""T5, learned: does the picture come from training, or from how the model is wired and where things stand?

Legend: N rows, U units of a row, C equal stretches of a row.

The importance of the model is compared with that of the same model without its training (`trust.untrained`), and, where
the data have an order, with how important units at the same relative position are in all other rows: by Spearman's rank
correlation over the units of each row, averaged over rows. For models that were trained elsewhere it is also told what
remains when a part of the weights, from the answer down, has lost its training; only a model without any training
decides the verdict.

Reference: Adebayo et al. 2018, "Sanity Checks for Saliency Maps".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from salience.core.errors import NotAvailable
from salience.evaluation.bootstrap import mean
from salience.evaluation.importance.importance import Scores
from salience.evaluation.plausibility.prior import resampled
from salience.evaluation.removal import together
from salience.evaluation.score import Score
from salience.evaluation.trust.claim import Claim, Estimate, claim, either, estimate, every
from salience.evaluation.trust.outcome import CONSTANT, INCONCLUSIVE, Measured, unavailable
from salience.evaluation.trust.trial import Trial
from salience.evaluation.trust.untrained import cascade, untrained
from salience.pipeline import Pipeline

NAME = "learned"
QUESTION = "Does the picture come from training, and not from the wiring or from positions alone?"
PASS, FAIL = 0.3, 0.7
# Equal stretches of a row, whatever its length.
STRETCHES = 20
# Differences up to this are rounding, and no order.
_SAME = 1e-6
_MEANINGS = {
    "pass": "The picture comes from training",
    "weak": "The picture comes partly from the wiring of the model, or from positions",
    "fail": "The picture comes from the wiring of the model, or from positions",
}


def learned(trial: Trial) -> Measured:
    """Judge how like the importances are to those without training."""
    own = [together(each) for each in trial.scores]
    varied = [i for i, each in enumerate(own) if np.ptp(each) > _SAME]
    if len(varied) < max(2, len(own) / 2):
        sentence = "Constant: it is the same for all parts of a row, so there is no picture to compare."
        return Measured(NAME, QUESTION, verdict=CONSTANT, sentence=sentence)
    scores = [trial.scores[i] for i in varied]
    rows = [trial.rows[i] for i in varied]
    try:
        others = {"untrained": [trial.method.scores(each, rows) for each in untrained(trial.pipeline, seed=trial.seed)]}
    except NotAvailable as error:
        return unavailable(NAME, QUESTION, error.problem)
    if is_ordered(trial.pipeline):
        others["position"] = [position_prior(scores)]
    found = {name: _mean(trial, varied, _alike(scores, each)) for name, each in others.items()}
    known = {name: each for name, each in found.items() if each is not None}
    statistics = {f"correlation_{name}": each.score for name, each in known.items()} | _steps(trial, varied)
    if not known:
        sentence = "Neither an untrained model nor positions have any preference to compare with."
        return Measured(NAME, QUESTION, statistics, verdict=INCONCLUSIVE, sentence=sentence)
    return Measured(
        NAME,
        QUESTION,
        statistics,
        claims=(
            either("fail", *(_beyond(each, FAIL) for each in known.values())),
            every("pass", *(claim("", each, above=-PASS, below=PASS) for each in known.values())),
            either("weak", *(_beyond(each, PASS) for each in known.values())),
        ),
        meanings=_MEANINGS,
        numbers=", ".join(f"rank correlation {each.value:.2f} with {_SAID[name]}" for name, each in known.items()),
    )


def _steps(trial: Trial, varied: Sequence[int]) -> dict[str, Score]:
    """The correlation with the model after each step of the cascade, for models that were trained elsewhere."""
    scores, rows = [trial.scores[i] for i in varied], [trial.rows[i] for i in varied]
    steps = {
        f"correlation_without_last_{share:.0%}".rstrip("%"): _mean(
            trial, varied, _alike(scores, [trial.method.scores(each, rows)])
        )
        for share, each in cascade(trial.pipeline, seed=trial.seed)
    }
    return {name: each.score for name, each in steps.items() if each is not None}


_SAID = {"untrained": "untrained models", "position": "positions"}


def is_ordered(pipeline: Pipeline) -> bool:
    """Have all inputs an order, so that positions say nothing of what stands there? In a table they tell the column."""
    return all(getattr(each, "ordered", True) for each in pipeline.modalities.values())


def position_prior(scores: Sequence[Scores]) -> list[Scores]:
    """For each row, how important units at the same relative position of the same column are in all the other rows."""
    found: list[Scores] = [{} for _ in scores]
    for column in scores[0]:
        profiles = np.array([_stretched(each[column], STRETCHES) for each in scores])
        others = (profiles.sum(0) - profiles) / max(1, len(scores) - 1)
        for each, own, other in zip(found, scores, others, strict=True):
            each[column] = _stretched(other, len(own[column]))
    return found


def _stretched(values: Float[np.ndarray, "U"], count: int) -> Float[np.ndarray, "C"]:
    return resampled(values, count) if len(values) and count else np.zeros(count)


def _beyond(of: Estimate, line: float) -> Claim:
    """The claim that a correlation is stronger than this, in either direction."""
    return either("", claim("", of, above=line), claim("", of, below=-line))


def _alike(scores: Sequence[Scores], others: Sequence[Sequence[Scores]]) -> Float[np.ndarray, "N"]:
    """The rank correlation of each row, averaged over what it is compared with."""
    return np.mean([[rank_correlation(*each) for each in zip(scores, other, strict=True)] for other in others], axis=0)


def _mean(trial: Trial, rows: Sequence[int], values: Float[np.ndarray, "N"]) -> Estimate | None:
    """The mean over rows where there is something to compare; None where that is rarely so."""
    defined = np.isfinite(values)
    if defined.sum() < max(2, len(values) / 2):
        return None
    bootstrap = trial.bootstrap_of([rows[i] for i in np.flatnonzero(defined).tolist()])
    return estimate(mean(values[defined]), int(defined.sum()), bootstrap)


def rank_correlation(one: Scores, other: Scores) -> float:
    """Rank correlation over the units of a row; NaN where all are equal."""
    first, second = together(one), together(other)
    if np.ptp(first) <= _SAME or np.ptp(second) <= _SAME:
        return float("nan")
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Float[np.ndarray, "U"]) -> Float[np.ndarray, "U"]:
    """Ranks from 1; equal values share the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]
