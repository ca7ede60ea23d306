"""Windows of other tables for a trained pipeline: the latest of each series, or all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
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
    """Does the pipeline read series, so that its rows are windows of a table?"""
    return isinstance(next(iter(pipeline.modalities.values())), Series)


def is_table(pipeline: Pipeline, rows: object) -> bool:
    """Is it a table that windows have to be cut from, and not rows that hold windows?"""
    if isinstance(rows, Sequence) and not isinstance(rows, str | Lazy):
        return any(isinstance(row, Mapping) and not any(name in row for name in pipeline.inputs) for row in rows[:1])
    return isinstance(rows, str | pd.DataFrame) or hasattr(rows, "__fspath__")


def latest(pipeline: Pipeline, source: Any) -> list[dict[str, Window]]:
    """The last window of each series; what is asked of it lies beyond the end of the table.

    Rows at the end of a series that hold nothing but what is known ahead are no past: a forecast reads them as its
    horizon.

    Raises:
        DataError: the table cannot be read as series, or all series are shorter than a window.
    """
    (name,) = pipeline.inputs
    series = cast(Series, pipeline.modalities[name])
    horizon = pipeline.task.horizon if isinstance(pipeline.task, Forecast) else 0
    found = cut(series, series.table(table.read(source)), horizon=horizon, only_last=True)
    return [{name: window} for window in found]


def ids_of(rows: Sequence[dict[str, Window]]) -> list[str]:
    """The series and the last time stamp that is known, of each row."""
    return [window_id(next(iter(row.values()))) for row in rows]


def cut(series: Series, long: LongTable, *, horizon: int, only_last: bool = False) -> Lazy[Window]:
    """All windows with a whole horizon after them; or the last of each series, with nothing after it that is seen.

    Raises:
        DataError: all series are too short.
    """
    runs = []
    for k in range(len(long.names)):
        first, end = int(long.starts[k]) + series.look_back, int(long.starts[k + 1])
        if only_last:
            end = _moment(long, k) if horizon else end
            runs.append(Run(k, max(first, end), end))
        else:
            runs.append(Run(k, first, end - horizon))
    found = windows(long, runs, look_back=series.look_back, horizon=horizon)
    if not len(found):
        raise DataError(
            f"no series has the {series.look_back + (0 if only_last else horizon)} rows that are needed",
            where=f"{len(long):,} rows in {len(long.names):,} series",
            fix="give more of the past",
        )
    return found


def _moment(long: LongTable, k: int) -> int:
    """The row after the last one of a series that holds a number which is not known ahead."""
    start, end = int(long.starts[k]), int(long.starts[k + 1])
    seen = np.isfinite(long.values[start:end][:, ~(long.known | long.static | long.calendar)]).any(1)
    return start + int(np.flatnonzero(seen)[-1]) + 1 if seen.any() else end
