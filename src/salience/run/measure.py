"""Measure a trained pipeline on rows it has not seen: scores, calibration, rows to look at, units that tell classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from salience.core.batch import Example
from salience.core.errors import DataError
from salience.core.place import Column, Heat, Unit
from salience.core.seed import derive
from salience.data.graph import Graph
from salience.data.modalities import Table
from salience.data.target import lists_of
from salience.evaluation import ClassScores, Score, class_scores, confusion, indicators, task_scores
from salience.evaluation.importance import GradientXInput, IntegratedGradients, LeaveOneOut, Received
from salience.evaluation.importance.importance import Importance
from salience.evaluation.importance.steps import importance_of_steps, tells_steps
from salience.evaluation.seeds import SeedAgreement, seed_agreement
from salience.pipeline import Pipeline
from salience.reports.naming import name_of
from salience.tasks import Answer, Forecast, Ranking, ranked

#: The methods a report shows beside each other; the first one is judged.
SHOWN: tuple[Importance, ...] = (Received(), IntegratedGradients(steps=16), GradientXInput(), LeaveOneOut(parts=64))
#: Rows shown in full, and units named per class.
EXAMPLES, TELLING = 24, 12
#: Bins of the reliability diagram.
BINS = 10


@dataclass(frozen=True)
class Seen:
    """What a model made of one side of the data."""

    raw: Tensor
    target: Tensor
    answers: list[Answer]
    scores: dict[str, Score]


def see(
    pipeline: Pipeline,
    examples: Sequence[Mapping[str, Example]],
    targets: Sequence[Any],
    *,
    groups: Sequence[Hashable] | None = None,
) -> Seen:
    """Answer rows with known targets and score the answers; `groups` are those of `evaluation.bootstrap`."""
    raw, target = pipeline.raw(examples), pipeline.task.encode(targets)
    answers, lists = pipeline.task.decode(raw), lists_of(targets)
    return Seen(
        raw,
        target,
        answers if lists is None else ranked(answers, lists),
        task_scores(pipeline.task, raw, target, groups=groups),
    )


@dataclass(frozen=True)
class Classes:
    """Scores of every class, and which were taken for which; classification only."""

    scores: dict[str, ClassScores]
    confusion: list[list[int]] | None
    bins: list[tuple[float, float, int]] | None
    error_before: Score | None
    """Calibration error of the probabilities before the temperature was fitted."""


def classes(pipeline: Pipeline, seen: Seen) -> Classes | None:
    """What can be said class by class, or None for a regression."""
    labels: list[str] | None = getattr(pipeline.task, "labels", None)
    if labels is None:
        return None
    probabilities = pipeline.task.probabilities(seen.raw.double()).numpy()
    chosen, actual = pipeline.task.choose(seen.raw).numpy(), seen.target.numpy()
    count = len(labels)
    scores = class_scores(indicators(chosen, count), indicators(actual, count), labels)
    if actual.ndim == 2:
        return Classes(scores, None, None, None)
    table = confusion(chosen, actual, count).tolist()
    return Classes(scores, table, reliability(probabilities, actual), _error_before(pipeline, seen))


def reliability(probabilities: np.ndarray, target: np.ndarray) -> list[tuple[float, float, int]]:
    """Mean confidence, share of right answers and number of rows in each of ten equal bins that holds rows.

    >>> reliability(np.array([[0.9, 0.1], [0.94, 0.06]]), np.array([0, 1]))
    [(0.92, 0.5, 2)]
    """
    confidence, right = probabilities.max(1), probabilities.argmax(1) == target
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        (
            round(float(confidence[which == each].mean()), 6),
            float(right[which == each].mean()),
            int((which == each).sum()),
        )
        for each in range(BINS)
        if (which == each).any()
    ]


def _error_before(pipeline: Pipeline, seen: Seen) -> Score:
    task = type(pipeline.task)().restore({**pipeline.task.state(), "temperature": 1.0})
    return task_scores(task, seen.raw, seen.target)["ece"]


@dataclass(frozen=True)
class Shown:
    """One row for the report, with its importances by every method, and attention for some steps of a forecast."""

    index: int
    note: str
    heats: dict[str, list[Heat]]
    by_step: dict[int, list[Heat]]


def examples(pipeline: Pipeline, rows: Sequence[Mapping[str, object]], seen: Seen, *, seed: int) -> list[Shown]:
    """A sample of rows to look at: half at random, a quarter wrong and sure, a quarter least sure."""
    chosen = choose(pipeline, seen, count=min(EXAMPLES, len(rows)), seed=seed)
    index = list(chosen)
    picked = [rows[i] for i in index]
    by_method = {method.name: method(pipeline, picked) for method in SHOWN} if picked else {}
    by_step = attention_of_steps(pipeline, picked) if picked else {}
    return [
        Shown(
            i,
            chosen[i],
            {name: heats[place] for name, heats in by_method.items()},
            {step: heats[place] for step, heats in by_step.items()},
        )
        for place, i in enumerate(index)
    ]


def attention_of_steps(pipeline: Pipeline, rows: Sequence[Mapping[str, object]]) -> dict[int, list[list[Heat]]]:
    """Where the model looks for the first, the middle and the last step of a forecast; nothing where it looks once."""
    task = pipeline.task
    if not isinstance(task, Forecast) or task.horizon == 1 or not tells_steps(pipeline):
        return {}
    steps = dict.fromkeys((1, (task.horizon + 1) // 2, task.horizon))
    return {step: importance_of_steps(pipeline, rows, Received(), (step, step)) for step in steps}


def choose(pipeline: Pipeline, seen: Seen, *, count: int, seed: int) -> dict[int, str]:
    """Positions of the rows to show, each with the reason why it was chosen."""
    off = _wrongness(pipeline, seen)
    sure = pipeline.task.focus(seen.raw).abs().numpy()
    generator = np.random.default_rng(derive(seed, "examples"))
    worst = [int(i) for i in np.argsort(-off, kind="stable") if off[i] > 0][: count // 4]
    unsure = [int(i) for i in np.argsort(sure, kind="stable")][: count // 4]
    drawn = [int(i) for i in generator.permutation(len(off))]
    is_value = seen.raw.shape[1] == 1 or isinstance(pipeline.task, Forecast)
    reasons = (
        "drawn at random",
        "among the largest errors" if is_value else "wrong, and sure of it",
        "among the least sure",
    )
    picked: dict[int, str] = {}
    for found, reason, most in (
        (drawn, reasons[0], count - len(worst) - (0 if is_value else len(unsure))),
        (worst, reasons[1], count // 4),
        ([] if is_value else unsure, reasons[2], count // 4),
    ):
        fresh = [i for i in found if i not in picked][:most]
        picked.update(dict.fromkeys(fresh, reason))
    return picked


def _wrongness(pipeline: Pipeline, seen: Seen) -> np.ndarray:
    """How wrong each answer is: the sureness of a wrong class, or the distance from the true number; 0 if right."""
    if isinstance(pipeline.task, Forecast):
        error = pipeline.task.apart(seen.raw)[..., pipeline.task.point] - pipeline.task.true(seen.target)
        return error.square().nanmean((1, 2)).nan_to_num().numpy()
    if isinstance(pipeline.task, Ranking):
        return (seen.raw[:, 0] - pipeline.task.truth(seen.target)).abs().numpy()
    if seen.target.is_floating_point() and seen.target.ndim == 1:
        return (seen.raw[:, 0] - seen.target).abs().numpy()
    wrong = (pipeline.task.choose(seen.raw) != seen.target).reshape(len(seen.raw), -1).any(1)
    return (wrong * pipeline.task.focus(seen.raw).clamp(min=1e-6)).numpy()


def agreement_of_seeds(pipeline: Pipeline, rows: Sequence[Mapping[str, Example]], *, seed: int) -> SeedAgreement | None:
    """How far the members of an ensemble agree on what is important, or None where no row could tell."""
    try:
        return seed_agreement(pipeline, rows, seed=seed)
    except DataError:
        # Rows of a single part each have no order to agree on.
        return None


def _told(unit: Unit, kinds: Mapping[str, str]) -> str:
    """What units of many rows have in common: a word, a column of numbers or dates, a category of a column."""
    if not isinstance(unit.place, Column):
        return unit.text.lower()
    return unit.column if kinds[unit.column] in ("numeric", "date") else name_of(unit)


def telling(
    pipeline: Pipeline, rows: Sequence[Mapping[str, object]], seen: Seen, *, most: int = 2000
) -> dict[str, list[tuple[str, float, int]]]:
    """For each predicted class the units that spoke for it: (text, mean contribution, rows it occurs in).

    The contribution is integrated gradients of the log-odds. A unit counts once per row, and at least in three rows
    (in five per thousand, if that is more), so that single accidents do not stand there.
    """
    if getattr(pipeline.task, "labels", None) is None or seen.target.ndim == 2:
        return {}
    if any(isinstance(cell, Graph) for row in rows[:1] for cell in row.values()):
        # The node 1 of one graph has nothing in common with that of another.
        return {}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    method = IntegratedGradients(steps=8)
    tables = [each for each in pipeline.modalities.values() if isinstance(each, Table)]
    kinds = {name: kind for table in tables for name, kind in table.kinds.items()}
    for heats, answer in zip(method(pipeline, rows[:most]), seen.answers, strict=False):
        summed: dict[str, float] = defaultdict(float)
        for heat in heats:
            summed[_told(heat.unit, kinds)] += heat.score
        for text, score in summed.items():
            found[str(answer.prediction)][text].append(score)
    least = max(3, 5 * min(len(rows), most) // 1000)
    return {
        label: sorted(
            ((text, float(np.mean(scores)), len(scores)) for text, scores in units.items() if len(scores) >= least),
            key=lambda each: -each[1],
        )[:TELLING]
        for label, units in sorted(found.items())
    }
