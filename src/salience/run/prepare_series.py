"""From a long table of series to windows on three sides, divided by time only."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from salience import tasks
from salience.core.build import build, find, named
from salience.core.errors import ConfigError, DataError
from salience.core.lazy import Lazy
from salience.data import modalities, splitters, table
from salience.data.finding import Finding
from salience.data.infer import Column, Inference
from salience.data.kind import Kind
from salience.data.long_table import LongTable
from salience.data.modalities import Series
from salience.data.rationale import Rationale
from salience.data.series_quality import check_series
from salience.data.split import Split, check_lists
from salience.data.splitters import SIDES, ByBorders, ByTime
from salience.data.stamps import in_words
from salience.data.target import listed, lists_of
from salience.data.windows import Window, runs_between, windows
from salience.run.labelled_windows import Labelled, labelled_windows, split_off
from salience.run.settings import Settings
from salience.tasks import Classification, Forecast, Ranking, Regression

_LEFT_OUT = "it is no number, and was not named among variables, known or static to be read as categories"


@dataclass(frozen=True, eq=False)
class PreparedSeries:
    """Series that have been understood and divided, before anything is learned. Rows are windows."""

    source: Any
    frame: pd.DataFrame
    inference: Inference
    split: Split
    findings: list[Finding]
    table: LongTable
    column: str
    sides: Mapping[str, Lazy[Window]]
    labels: Mapping[str, Sequence[Any]] | None = None
    """Of each window, where the task is no forecast."""
    whole: bool = False
    """Do labels belong to whole series?"""
    rationales: dict[str, list[Rationale | None]] = field(default_factory=dict)

    def rows(self, side: str) -> Lazy[dict[str, Window]]:
        """The windows of one side, as rows with one input."""
        return self.sides[side].map(lambda window: {self.column: window})

    def targets_of(self, side: str) -> Sequence[Any]:
        """The labels; of a forecast the same windows, because what comes after them is asked for."""
        return self.sides[side] if self.labels is None else self.labels[side]

    def rationales_of(self, side: str) -> dict[str, list[Rationale | None]]:  # noqa: ARG002
        """None: nobody marks a series."""
        return {}

    def ids(self, side: str) -> Lazy[str]:
        """The series and the last time stamp that is known, of each window."""
        return self.sides[side].map(window_id)

    def groups_of(self, side: str) -> list[Hashable] | None:
        """The list of each window; or the block of time in which its forecast begins; or None for whole series."""
        lists = lists_of(self.targets_of(side))
        if lists is not None:
            return [*lists]
        return None if self.whole else [time_block(window) for window in self.sides[side]]


def series_input(settings: Settings) -> str | None:
    """The name of the input that reads series, if there is one.

    Raises:
        ConfigError: there are other inputs beside it.
    """
    for name, choice in settings.modalities.items():
        if choice and find(named(choice)[0], modalities) is Series:
            if len(settings.modalities) > 1:
                raise ConfigError("series are read alone", where="inputs", fix=f"leave out all inputs but '{name}'")
            return name
    return None


def prepare_series(source: Any, settings: Settings, name: str) -> PreparedSeries:
    """Read, understand, divide and check series.

    Raises:
        DataError: the table cannot be read as series, or a side has no window.
        ConfigError: the settings do not fit the table.
    """
    if settings.task_name is not None and find(settings.task_name, tasks) in (Classification, Ranking, Regression):
        return _labelled(source, settings, name, settings.task_name)
    frame, series, long = read_series(source, settings, name)
    task = forecast_of(settings)
    borders, how = _borders(long, settings.split, series.roles.time)
    shape = {"look_back": series.look_back, "horizon": task.horizon}
    sides = {}
    for number, side in enumerate(SIDES):
        runs = runs_between(long, *borders[number : number + 2], reach_back=number > 0, **shape)
        sides[side] = windows(long, runs, stride=series.stride if number == 0 else 1, **shape)
        _check_side(side, sides[side], how, long, shape)
    findings = check_series(long, sides["train"], task.targets, look_back=series.look_back, horizon=task.horizon)
    train, validation, test = (np.arange(len(sides[side])) for side in SIDES)
    split = Split(train, validation, test, how)
    return PreparedSeries(
        source, frame, _inference(frame, long, series, task.targets, name), split, findings, long, name, sides
    )


def _labelled(source: Any, settings: Settings, name: str, task: str) -> PreparedSeries:
    """Windows with labels: classes or numbers."""
    frame = table.read(source)
    series: Series = build(settings.modalities[name], modalities)
    long, found = read_labelled(frame, series, settings)
    side_of, how = _sides_of(long, found, settings.split, series.roles.time)
    index = {side: np.flatnonzero(side_of == number).tolist() for number, side in enumerate(SIDES)}
    shape = {"look_back": series.look_back, "horizon": 0}
    sides = {side: found.windows(long, each, series.look_back) for side, each in index.items()}
    for side in SIDES:
        _check_side(side, sides[side], how, long, shape)
    check_lists(found.labels, side_of, table.source_of(frame))
    labels = {side: [found.labels[i] for i in each] for side, each in index.items()}
    findings = check_series(long, sides["train"], (), look_back=series.look_back, horizon=0)
    inference = _inference(frame, long, series, (settings.target or "",), name, find(task, tasks).__name__)
    train, validation, test = (np.arange(len(sides[side])) for side in SIDES)
    split = Split(train, validation, test, how)
    return PreparedSeries(
        source, frame, inference, split, findings, long, name, sides, labels=labels, whole=found.whole
    )


def read_labelled(frame: pd.DataFrame, series: Series, settings: Settings) -> tuple[LongTable, Labelled]:
    """The series in a table, and their windows that have a label.

    Raises:
        DataError: the table cannot be read as series, or a label cannot be read.
    """
    rest, cells = split_off(frame, series, settings.target)
    long, task, place = series.table(rest), settings.task_name or "", table.source_of(frame)
    found = labelled_windows(long, cells, task, look_back=series.look_back, source=place)
    if settings.lists is None:
        return long, found
    lists = table.column(frame, settings.lists).iloc[long.rows[found.stops - 1]]
    return long, replace(found, labels=listed(found.labels, lists, place))


def _sides_of(long: LongTable, found: Labelled, choice: Any, column: str) -> tuple[Int[np.ndarray, "N"], str]:
    """The side of each window with a label: whole series by a hash of their names, others by time."""
    if found.whole and choice is None:
        fractions = splitters.ByHash().fractions
        names = [long.names[k] for k in found.series]
        return splitters.cut(
            splitters.hashed(names), fractions
        ), f"{splitters.shares(fractions)} of the series, by hash"
    borders, how = _borders(long, choice, column)
    return np.searchsorted(borders[1:], long.times[found.stops - 1], side="right"), how


def read_series(source: Any, settings: Settings, name: str) -> tuple[pd.DataFrame, Series, LongTable]:
    """A table as it is, how the settings read it, and the series in it.

    Raises:
        DataError: the table cannot be read as series.
    """
    frame = table.read(source)
    series: Series = build(settings.modalities[name], modalities)
    return frame, series, series.table(frame)


def window_id(window: Window) -> str:
    """The series and the last time stamp that is known."""
    return f"{window.name} {window.table.stamps[window.stop - 1]}".strip()


def time_block(window: Window) -> int:
    """Which stretch of one horizon (without any, of one look-back), counted from the beginning, a window ends in."""
    last = float(window.table.times[window.stop - 1])
    return int(last // (window.table.step * (window.horizon or window.look_back)))


def forecast_of(settings: Settings) -> Forecast:
    """The forecast that is asked for, not fitted.

    Raises:
        ConfigError: the task is another one, or an option of it is wrong.
    """
    if settings.task_name is None or find(settings.task_name, tasks) is not Forecast:
        given = f"the task is {settings.task_name}" if settings.task_name else "no task is named"
        raise ConfigError(
            f"a series is forecast, and {given}",
            where="task",
            fix='name it: {"Forecast": {"horizon": 24}}, or --horizon 24 on the command line',
        )
    _, options = named(settings.task or "Forecast")
    targets = {"targets": [settings.target]} if settings.target and not options.get("targets") else {}
    return build({"Forecast": {**options, **targets}}, tasks)


def _borders(long: LongTable, choice: Any, column: str) -> tuple[list[float], str]:
    """Four moments between which the three sides lie, and in words how they were chosen."""
    by = ByTime(column) if choice is None else build(choice, splitters)
    if not isinstance(by, ByTime | ByBorders):
        raise ConfigError(
            f"series are divided by time, and not {type(by).__name__}", where="split", fix="choose ByTime or ByBorders"
        )
    if by.column != column:
        raise ConfigError(
            f"the series go by '{column}', and not by '{by.column}'", where="split", fix=f"write column: {column}"
        )
    if isinstance(by, ByBorders):
        found = by.numbers(dates=long.dates)
        end = found[2] if len(found) > 2 else np.inf
        return [-np.inf, *found[:2], end], by.how
    times = np.sort(long.times)
    at = np.cumsum(by.fractions)[:2]
    inner = [_first_at(times, share) for share in at]
    return [-np.inf, *inner, np.inf], f"{splitters.shares(by.fractions)}, from the earliest '{column}' to the latest"


def _first_at(times: Float[np.ndarray, "N"], share: float) -> float:
    """The earliest time with at least this share of all rows before it."""
    moments, first = np.unique(times, return_index=True)
    return float(moments[min(int(np.searchsorted(first / len(times), share - 1e-9)), len(moments) - 1)])


def _check_side(side: str, found: Sequence[Window], how: str, long: LongTable, shape: Mapping[str, int]) -> None:
    if len(found):
        return
    longest = int(np.diff(long.starts).max())
    raise DataError(
        f"the {side} side has no window of {shape['look_back']} rows with {shape['horizon']} after it: {how}",
        where=f"{len(long):,} rows, the longest series has {longest:,}",
        fix="give a shorter look_back or horizon, or divide at other times",
    )


def _inference(
    frame: pd.DataFrame, long: LongTable, series: Series, targets: Sequence[str], name: str, task: str = "Forecast"
) -> Inference:
    roles = series.roles
    targets = targets or tuple(each for v, each in enumerate(long.variables) if not long.known[v])
    parts = {
        roles.time: ("time stamp", "it was named"),
        **({roles.series: ("series", "it was named")} if roles.series else {}),
    }
    for v, each in enumerate(long.variables):
        if long.calendar[v]:
            continue
        ahead = "static" if long.static[v] else "known ahead" if long.known[v] else "known up to now"
        parts[each] = ("target" if each in targets else "input", ahead)
    columns = tuple(
        Column(
            str(each),
            Kind("categorical" if each in long.categories else "numeric" if each in long.variables else "other", ""),
            *parts.get(str(each), ("left out", _LEFT_OUT)),
        )
        for each in frame.columns
    )
    usual = in_words(long.step, dates=long.dates)
    notes = (f"{len(long.names):,} series, {len(long):,} rows, usual step {usual}", *long.notes)
    return Inference(
        columns=columns,
        target=", ".join(targets),
        inputs=(name,),
        task=task,
        reason="it was chosen",
        separator=None,
        num_rows=len(frame),
        num_missing=0,
        notes=notes,
    )
