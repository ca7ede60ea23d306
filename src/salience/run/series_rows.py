"""Windows of other tables for a trained pipeline: the latest of each series, or all that can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pandas as pd

from salience.core.errors import DataError
from salience.core.lazy import Lazy
from salience.data import table
from salience.data.long_table import LongTable
from salience.data.modalities import Series
from salience.data.windows import Run, Window, windows
from salience.pipeline import Pipeline
from salience.run.prepare_series import window_id
from salience.tasks import Forecast


def reads_series(pipeline: Pipeline) -> bool:
    """Does the pipeline forecast series, so that its rows are windows of a table?"""
    return isinstance(pipeline.task, Forecast)


def is_table(rows: object) -> bool:
    """Is it a table that windows have to be cut from, and not windows?"""
    return isinstance(rows, str | pd.DataFrame) or hasattr(rows, "__fspath__")


def latest(pipeline: Pipeline, source: Any) -> list[dict[str, Window]]:
    """The last window of each series, whose horizon lies beyond the end of the table.

    Raises:
        DataError: the table cannot be read as series, or all series are shorter than a window.
    """
    return list(_windows(pipeline, source, only_last=True))


def judged(pipeline: Pipeline, source: Any) -> Lazy[dict[str, Window]]:
    """All windows with a whole horizon after them.

    Raises:
        DataError: the table cannot be read as series, or all series are too short.
    """
    return _windows(pipeline, source, only_last=False)


def ids_of(rows: Sequence[dict[str, Window]]) -> list[str]:
    """The series and the last time stamp that is known, of each row."""
    return [window_id(next(iter(row.values()))) for row in rows]


def _windows(pipeline: Pipeline, source: Any, *, only_last: bool) -> Lazy[dict[str, Window]]:
    (name,) = pipeline.inputs
    series, horizon = cast(Series, pipeline.modalities[name]), cast(Forecast, pipeline.task).horizon
    found = cut(series, series.table(table.read(source)), horizon=horizon, only_last=only_last)
    return found.map(lambda window: {name: window})


def cut(series: Series, long: LongTable, *, horizon: int, only_last: bool = False) -> Lazy[Window]:
    """All windows with a whole horizon after them; or the last of each series, with nothing after it.

    Raises:
        DataError: all series are too short.
    """
    runs = []
    for k in range(len(long.names)):
        first, end = int(long.starts[k]) + series.look_back, int(long.starts[k + 1])
        runs.append(Run(k, max(first, end), end) if only_last else Run(k, first, end - horizon))
    found = windows(long, runs, look_back=series.look_back, horizon=horizon)
    if not len(found):
        raise DataError(
            f"no series has the {series.look_back + (0 if only_last else horizon)} rows that are needed",
            where=f"{len(long):,} rows in {len(long.names):,} series",
            fix="give more of the past",
        )
    return found
