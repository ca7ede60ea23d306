"""Answers and importances of some rows in one result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from salience.core.build import build
from salience.core.errors import DataError
from salience.evaluation import importance
from salience.evaluation.importance.importance import Importance
from salience.pipeline import Pipeline
from salience.run.result import Result
from salience.run.series_rows import ids_of, is_table, latest, reads_series


def explain(
    pipeline: Pipeline, rows: Iterable[Any], *, method: str = "received", ids: Sequence[str] | None = None
) -> Result:
    """Answer every row and say how much each unit of it mattered.

    Args:
        pipeline: a trained pipeline.
        rows: mappings from column to cell, a frame, or bare cells for the only column. Of a forecast also a long
            table (a file or a frame), whose series are forecast from their last rows.
        method: a class of `salience.evaluation.importance`, by name: received, rollout, leave_one_out, ...
        ids: a name for each row; by default its number, counted from 1.

    Raises:
        ConfigError: there is no such method.
        DataError: a row lacks a column, a cell cannot be read, or there are more or fewer ids than rows.
    """
    if reads_series(pipeline) and is_table(rows):
        rows = latest(pipeline, rows)
        ids = ids_of(rows) if ids is None else ids
    cells = pipeline.as_rows(rows)
    if ids is not None and len(ids) != len(cells):
        raise DataError(f"expected one id per row, {len(cells):,}, got {len(ids):,}")
    chosen: Importance = build(method, importance)
    answers = pipeline.ranked(pipeline.answers(pipeline.encode(cells)), cells)
    return Result(
        rows=[{name: row[name] for name in pipeline.columns} for row in cells],
        ids=list(ids) if ids is not None else [str(number) for number in range(1, len(cells) + 1)],
        answers=answers,
        heats=chosen(pipeline, cells),
        method=chosen.name,
    )
