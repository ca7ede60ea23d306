"""Windows of other tables for a trained pipeline: the latest of each series, or all that can be judged."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from salience import tasks
from salience.core.build import find
from salience.core.errors import DataError
from salience.core.lazy import Lazy
from salience.data import table
from salience.data.long_table import LongTable
from salience.data.modalities import Series
from salience.data.windows import Run, Window, windows
from salience.pipeline import Pipeline
from salience.run.prepare_series import forecast_of, read_labelled, read_series, time_block, window_id
from salience.run.settings import Settings
from salience.tasks import Forecast


def reads_series(pipeline: Pipeline) -> bool:
    """Does the pipeline read series, so that its rows are windows of a table?"""
    return isinstance(next(iter(pipeline.modalities.values())), Series)


def is_table(rows: object) -> bool:
    """Is it a table that windows have to be cut from, and not windows?"""
    return isinstance(rows, str | pd.DataFrame) or hasattr(rows, "__fspath__")


def latest(pipeline: Pipeline, source: Any) -> list[dict[str, Window]]:
    """The last window of each series; what is asked of it lies beyond the end of the table.

    Raises:
        DataError: the table cannot be read as series, or all series are shorter than a window.
    """
    (name,) = pipeline.inputs
    series = cast(Series, pipeline.modalities[name])
    horizon = pipeline.task.horizon if isinstance(pipeline.task, Forecast) else 0
    found = cut(series, series.table(table.read(source)), horizon=horizon, only_last=True)
    return [{name: window} for window in found]


@dataclass(frozen=True)
class Judged:
    """Windows whose answer is known, with what they depend on each other by: see `Bootstrap`."""

    rows: Sequence[dict[str, Window]]
    targets: Sequence[Any]
    groups: list[Hashable] | None


def judged(source: Any, settings: Settings, name: str) -> Judged:
    """All windows of a table with a whole horizon after them; or, where labels are asked, all that have one.

    Raises:
        DataError: the table cannot be read as series, all series are too short, or a label cannot be read.
    """
    if settings.task_name is not None and find(settings.task_name, tasks) is Forecast:
        _, series, long = read_series(source, settings, name)
        found = cut(series, long, horizon=forecast_of(settings).horizon)
        return Judged(found.map(lambda window: {name: window}), found, [time_block(window) for window in found])
    _, series, long, labelled = read_labelled(source, settings, name)
    windows = labelled.windows(long, range(len(labelled.labels)), series.look_back)
    groups: list[Hashable] | None = None
    if settings.lists is not None:
        groups = [each.list for each in labelled.labels]
    elif not labelled.whole:
        groups = [time_block(window) for window in windows]
    return Judged(windows.map(lambda window: {name: window}), labelled.labels, groups)


def ids_of(rows: Sequence[dict[str, Window]]) -> list[str]:
    """The series and the last time stamp that is known, of each row."""
    return [window_id(next(iter(row.values()))) for row in rows]


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
