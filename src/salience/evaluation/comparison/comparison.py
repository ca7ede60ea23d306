"""Two pipelines on the same rows: scores side by side, answers that changed, and importance that moved.

Legend: N rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import ConfigError, DataError
from salience.core.seed import derive
from salience.evaluation.bootstrap import Bootstrap, mean
from salience.evaluation.comparison.difference import ScoreChange, score_changes
from salience.evaluation.comparison.drift import Drift, measure_drift
from salience.evaluation.comparison.wording import notes, sentence
from salience.evaluation.importance.importance import Importance
from salience.evaluation.removal import Row, num_units
from salience.evaluation.score import Score
from salience.evaluation.scores import answer_statistics
from salience.pipeline import Pipeline
from salience.tasks import Answer

#: A row of one unit has all its importance there, whatever the model.
FEWEST_UNITS = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of scores, answers and importance from a first model to a second one, on the same rows."""

    #: The most important of it in words.
    sentence: str
    #: How importance was measured.
    method: str
    #: Per score, in the order of the task; empty without targets.
    scores: dict[str, ScoreChange]
    #: The share of rows that are answered otherwise; of a value, how far it moves on average, whichever way, in the
    #: unit of the target.
    changed: Score
    is_value: bool
    importance: Drift
    #: Rows that were answered; rows with fewer than two units, whose importance cannot move.
    num_rows: int
    num_short: int
    seed: int
    draws: int
    #: What a reader has to know about the measurement itself.
    notes: tuple[str, ...]
    #: Per measurement that both runs hold of themselves (faithfulness, trust), the verdict of each.
    verdicts: dict[str, tuple[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "scores": {name: each.to_dict() for name, each in self.scores.items()}}


def compare_pipelines(
    first: Pipeline,
    second: Pipeline,
    rows: Iterable[Any],
    method: Importance,
    *,
    targets: Sequence[Any] | None = None,
    groups: Sequence[Hashable] | None = None,
    count: int = 256,
    seed: int = 0,
    draws: int = 2000,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Compare two pipelines that answer the same question from the same columns.

    Args:
        rows: rows that neither has been trained on.
        method: how importance is measured, in both.
        targets: the targets of the rows, to compare scores as well.
        groups: a label per row (a day, a speaker) whose rows are not independent: whole groups are drawn.
        count: rows whose importance is compared, at random; all if there are fewer.
        seed: chooses these rows, and the draws of the bootstrap.
        draws: of the bootstrap.
        progress: told what begins.

    Raises:
        ConfigError: they read other columns, or have other kinds of task; or `count` is not positive.
        DataError: no row has two units or more, or targets or groups are not one per row.
        NotAvailable: they divide rows into different units that are no stretches of a text.
    """
    _check(first, second)
    if count < 1:
        raise ConfigError(f"expected at least one row whose importance is compared, got {count}", where="count")
    tell = progress or (lambda _: None)
    cells = first.as_rows(rows)
    _check_length(targets, len(cells), "target")
    _check_length(groups, len(cells), "group")
    tell("answering the rows")
    one, other = _Answered(first, cells), _Answered(second, cells)
    index, num_short = _comparable(one.rows, other.rows, count, seed)
    bootstrap = Bootstrap(draws, seed, groups)
    scores = (
        {}
        if targets is None
        else score_changes(one.statistics(targets), other.statistics(targets), len(cells), bootstrap)
    )
    is_value, changed = _changes(one.answers, other.answers)
    change = bootstrap.estimate(mean(changed), len(cells))
    picked = [cells[i] for i in index]
    tell("measuring the importance of the first run")
    before = method(first, picked)
    tell("measuring the importance of the second run")
    after = method(second, picked)
    picked_groups = None if groups is None else [groups[i] for i in index]
    drift = measure_drift(before, after, Bootstrap(draws, seed, picked_groups))
    return Comparison(
        sentence=sentence(scores, change, drift, is_value=is_value),
        method=method.name,
        scores=scores,
        changed=change,
        is_value=is_value,
        importance=drift,
        num_rows=len(cells),
        num_short=num_short,
        seed=seed,
        draws=draws,
        notes=notes(
            drift,
            num_rows=len(cells),
            num_short=num_short,
            num_groups=None if picked_groups is None else len(set(picked_groups)),
            labelled=targets is not None,
        ),
        verdicts={},
    )


class _Answered:
    """Rows as one pipeline reads and answers them."""

    def __init__(self, pipeline: Pipeline, cells: Sequence[Mapping[str, object]]) -> None:
        self._pipeline = pipeline
        self.rows = pipeline.encode(cells)
        self._raw: Float[Tensor, "N C"] = pipeline.raw(self.rows)
        self.answers = pipeline.task.decode(self._raw) if cells else []

    def statistics(self, targets: Sequence[Any]) -> dict[str, Any]:
        """The scores of the task as functions of row weights."""
        task = self._pipeline.task
        return answer_statistics(task, task.probabilities(self._raw.double()).numpy(), task.encode(targets))


def _changes(first: Sequence[Answer], second: Sequence[Answer]) -> tuple[bool, Float[np.ndarray, "N"]]:
    """Whether answers are values, and how far they differ: the distance of values; 1 for another class and 0 else."""
    one, other = ([_said(each.prediction) for each in answers] for answers in (first, second))
    if all(isinstance(each, float) for each in (*one, *other)):
        return True, np.abs(np.subtract(one, other))
    return False, np.array([a != b for a, b in zip(one, other, strict=True)], dtype=float)


def _said(prediction: Any) -> Any:
    """Several classes are the same in any order."""
    return frozenset(prediction) if isinstance(prediction, tuple) else prediction


def _comparable(first: Sequence[Row], second: Sequence[Row], count: int, seed: int) -> tuple[list[int], int]:
    """At most `count` rows that have two units for both, at random, and how many of all have not."""
    enough = np.array(
        [min(num_units(one), num_units(other)) >= FEWEST_UNITS for one, other in zip(first, second, strict=True)],
        dtype=bool,
    )
    if not enough.any():
        raise DataError(
            f"expected a row with at least {FEWEST_UNITS} units, got {len(enough):,} rows with fewer",
            fix="give longer rows: the importance of a single unit cannot lie elsewhere",
        )
    order = np.random.default_rng(derive(seed, "rows")).permutation(len(enough))
    return sorted(order[enough[order]][:count].tolist()), int((~enough).sum())


def _check(first: Pipeline, second: Pipeline) -> None:
    if sorted(first.columns) != sorted(second.columns):
        raise ConfigError(
            f"the runs read different columns: {', '.join(first.columns)}; and {', '.join(second.columns)}",
            fix="compare runs that read the same columns",
        )
    kinds = [type(each.task).__name__ for each in (first, second)]
    if kinds[0] != kinds[1]:
        raise ConfigError(
            f"the runs answer different questions: {kinds[0]} and {kinds[1]}", fix="compare runs with the same task"
        )


def _check_length(values: Sequence[Any] | None, count: int, name: str) -> None:
    if values is not None and len(values) != count:
        raise DataError(f"expected one {name} per row, {count:,}, got {len(values):,}")
