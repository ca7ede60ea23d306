"""All scores of one importance against what is marked, averaged over rows, with intervals.

Legend: N rows, M rankings of the same row that are averaged, L units, C columns of numbers per row, R draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from salience.evaluation.bootstrap import Bootstrap, Statistic
from salience.evaluation.plausibility.averages import mean_of_defined, scores
from salience.evaluation.plausibility.ranking import auprc, average_precision
from salience.evaluation.plausibility.spans import merged_counts, released_counts
from salience.evaluation.plausibility.tokens import select, token_scores
from salience.evaluation.score import Score

# The columns of precision and recall of each kind, of token F1, and of the two areas.
_TOKENS, _F1, _RELEASED, _MERGED, _AREAS = (0, 1), 2, (3, 4), (5, 6), (7, 8)
_UNDEFINED = "no row has units that are marked and units that are not"


@dataclass(frozen=True, slots=True)
class PrecisionRecallF1:
    """Three scores that belong together."""

    precision: Score
    recall: Score
    f1: Score


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well one importance agrees with what is marked."""

    #: Of single units: means over rows of the three.
    tokens: PrecisionRecallF1
    #: IOU F1 as ERASER's released script has it: selected units are never joined to spans, recall may exceed one.
    iou_released: PrecisionRecallF1
    #: IOU F1 with neighbouring selected units joined to spans. F1 is that of mean precision and mean recall, here too.
    iou_merged: PrecisionRecallF1
    #: By trapezia, as ERASER has it, and by steps.
    auprc: Score
    average_precision: Score


def row_numbers(
    rankings: Float[np.ndarray, "M L"],
    marked: Bool[np.ndarray, "L"],
    texts: Int[np.ndarray, "L"],
    *,
    k: int | None,
    generator: np.random.Generator,
) -> Float[np.ndarray, "C"]:
    """What one row adds to each average, itself the mean over rankings; NaN where it adds nothing.

    A row without a mark counts in the released script alone: what is predicted there is wrong.
    """
    selected = select(rankings, int(marked.sum()) if k is None else k, generator=generator)
    released = released_counts(selected, marked, texts)
    if not marked.any():
        return np.array([np.nan] * 3 + [_mean(released[:, 0], released[:, 1])] + [np.nan] * 5)
    merged = merged_counts(selected, marked, texts)
    found = [
        *(each.mean() for each in token_scores(selected, marked)),
        *(_mean(counts[:, 0], counts[:, column]) for counts in (released, merged) for column in (1, 2)),
        average_precision(rankings, marked).mean(),
        auprc(rankings, marked).mean(),
    ]
    return np.array(found)


def agreement(numbers: Float[np.ndarray, "N C"], bootstrap: Bootstrap) -> Agreement:
    """Averages over rows, from `row_numbers` of each."""
    found = scores(_averages(numbers), len(numbers), bootstrap, undefined=_UNDEFINED)
    count = numbers.shape[1]

    def three(columns: tuple[int, int], f1: int) -> PrecisionRecallF1:
        return PrecisionRecallF1(found[columns[0]], found[columns[1]], found[f1])

    return Agreement(
        tokens=three(_TOKENS, _F1),
        iou_released=three(_RELEASED, count),
        iou_merged=three(_MERGED, count + 1),
        average_precision=found[_AREAS[0]],
        auprc=found[_AREAS[1]],
    )


def _averages(numbers: Float[np.ndarray, "N C"]) -> Statistic:
    """The mean of each column, and after them F1 of the mean precision and recall of both kinds of spans."""
    means = mean_of_defined(numbers)

    def statistic(weights: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R K"]:
        found = means(weights)
        return np.concatenate([found, *(_f1(*found[:, columns].T) for columns in (_RELEASED, _MERGED))], axis=1)

    return statistic


def _f1(precision: Float[np.ndarray, "R"], recall: Float[np.ndarray, "R"]) -> Float[np.ndarray, "R 1"]:
    total = precision + recall
    found = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total != 0)
    return found[:, None]


def _mean(part: Int[np.ndarray, "M"], whole: Int[np.ndarray, "M"]) -> float:
    """The mean share over selections; NaN where there is nothing to have a share of."""
    return float(np.mean(part / whole)) if (whole > 0).all() else float("nan")
