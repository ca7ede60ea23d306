"""Answers and importances of some rows in one result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from salience.core.build import build
from salience.core.errors import DataError
from salience.evaluation import importance
from salience.evaluation.importance.importance import Importance
from salience.evaluation.importance.steps import Steps, importance_of_steps
from salience.pipeline import Pipeline
from salience.run.result import Result
from salience.run.series_rows import ids_of, is_table, latest, reads_series
from salience.tasks import Forecast


def explain(
    pipeline: Pipeline,
    rows: Iterable[Any],
    *,
    method: str = "received",
    horizon: int | None = None,
    ids: Sequence[str] | None = None,
) -> Result:
    """Answer every row and say how much each unit of it mattered.

    Args:
        pipeline: a trained pipeline.
        rows: mappings from column to cell, a frame, or bare cells for the only column. Of series also a long
            table (a file, a frame or mappings), of whose series the last rows are read.
        method: a class of `salience.evaluation.importance`, by name: received, rollout, leave_one_out, ...
        horizon: the step of a forecast that is explained, counted from 1; by default all of them together.
        ids: a name for each row; by default its number, counted from 1.

    Raises:
        ConfigError: there is no such method, or no such step.
        NotAvailable: `horizon` was given, and the task is no forecast or the model cannot tell its steps apart.
        DataError: a row lacks a column, a cell cannot be read, or there are more or fewer ids than rows.
    """
    if reads_series(pipeline) and is_table(pipeline, rows):
        rows = latest(pipeline, rows)
        ids = ids_of(rows) if ids is None else ids
    cells = pipeline.as_rows(rows)
    if ids is not None and len(ids) != len(cells):
        raise DataError(f"expected one id per row, {len(cells):,}, got {len(ids):,}")
    chosen: Importance = build(method, importance)
    heats = chosen(pipeline, cells) if horizon is None else importance_of_steps(pipeline, cells, chosen, (horizon,) * 2)
    answers = pipeline.ranked(pipeline.answers(pipeline.encode(cells)), cells)
    return Result(
        rows=[{name: row[name] for name in pipeline.columns} for row in cells],
        ids=list(ids) if ids is not None else [str(number) for number in range(1, len(cells) + 1)],
        answers=answers,
        heats=heats,
        method=chosen.name,
        horizon=steps_of(pipeline, horizon),
    )


def steps_of(pipeline: Pipeline, horizon: int | None = None) -> Steps | None:
    """The steps of a forecast that an importance is about: the one that was asked for, or all; None of other tasks."""
    if horizon is not None:
        return horizon, horizon
    return (1, pipeline.task.horizon) if isinstance(pipeline.task, Forecast) else None
