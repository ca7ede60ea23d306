"""One long table of many series: a row per series and time stamp, sorted, as numbers and numbered categories.

Legend: N rows, K series, V variables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from salience.core.errors import ConfigError, DataError
from salience.data.fault import where
from salience.data.kind import numbers_of
from salience.data.stamps import Stamps, calendar_numbers, read_stamps
from salience.data.table import column, source_of


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The part that each column of a long table plays."""

    time: str
    """The column of time stamps."""
    series: str | None = None
    """The column that names the series; None where the table is one series."""
    variables: tuple[str, ...] | None = None
    """Columns that are known up to now; by default every column of numbers that plays no other part."""
    known: tuple[str, ...] = ()
    """Columns that are known ahead: prices that are set, holidays, plans."""
    static: tuple[str, ...] = ()
    """Columns that stay the same within a series."""
    calendar: tuple[str, ...] = ()
    """What is read from the time stamp itself, and so is known ahead: hour, weekday, day, month, ..."""


@dataclass(frozen=True, eq=False)
class LongTable:
    """Series one after another, each sorted by time. NaN is a missing number."""

    names: tuple[str, ...]  # of the series; "" where the table is one
    starts: Int[np.ndarray, "K+1"]  # where each series begins, and the end of the last
    stamps: np.ndarray  # [N] texts, as the user wrote them
    times: Float[np.ndarray, "N"]  # seconds since 1970, or the numbers that stand in the column
    variables: tuple[str, ...]
    values: Float[np.ndarray, "N V"]  # of a variable that holds categories their numbers, as in `categories`
    known: Bool[np.ndarray, "V"]  # is the variable known ahead?
    static: Bool[np.ndarray, "V"]  # does it stay the same within a series?
    calendar: Bool[np.ndarray, "V"]  # is it read from the time stamp?
    step: float  # the usual distance between two times
    dates: bool  # are the times dates?
    rows: Int[np.ndarray, "N"]  # the row of the user's table, counted from 0; -1 where a gap was filled
    notes: tuple[str, ...] = ()
    zoned: bool = False  # have the time stamps a zone?
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of the variables that are no numbers

    def __len__(self) -> int:
        return len(self.times)

    @property
    def clock(self) -> str:
        """What the time stamps are, in words."""
        return ("dates with a zone" if self.zoned else "dates without a zone") if self.dates else "numbers"


def read_long(frame: pd.DataFrame, roles: Roles, *, categorical: Collection[str] | None = None) -> LongTable:
    """Understand a frame from `salience.data.table.read` as series. Rows may come in any order.

    Args:
        categorical: the columns to read as categories; by default those that are named and whose cells are no numbers.

    Raises:
        DataError: a cell is no number or no time stamp, a time stamp occurs twice in a series, some stamps have a zone
            and some have none, a static column changes within a series, or there is no row.
        ConfigError: a column plays two parts, or there is no such calendar feature.

    >>> from salience.data.table import read
    >>> table = read_long(read([{"day": 2, "sold": 5}, {"day": 1, "sold": 4}]), Roles(time="day"))
    >>> table.variables, table.values[:, 0].tolist(), table.notes
    (('sold',), [4.0, 5.0], ("rows were not in the order of 'day', and were sorted",))
    """
    if not len(frame):
        raise DataError("the table has no rows", where=source_of(frame))
    names = _variables(frame, roles)
    stamps = read_stamps(column(frame, roles.time), source_of(frame))
    series, of_row = _series(frame, roles.series)
    if categorical is None:
        categorical = [name for name in names if _given(frame[name]) and not _is_numeric(frame[name])]
    categories = {name: _categories(frame[name]) for name in names if name in categorical}
    numbers = np.stack([categories[name][1] if name in categories else _numbers(frame, name) for name in names], axis=1)
    features = calendar_numbers(stamps.times, roles.calendar, dates=stamps.dates)
    order = np.lexsort((stamps.times, of_row))
    _check_once(frame, roles, stamps, of_row, order)
    starts = np.searchsorted(of_row[order], np.arange(len(series) + 1))
    every = (*names, *roles.calendar)
    table = LongTable(
        names=series,
        starts=starts,
        stamps=stamps.texts[order],
        times=stamps.times[order],
        variables=every,
        values=np.concatenate([numbers, features], axis=1)[order],
        known=np.array([name in (*roles.known, *roles.static, *roles.calendar) for name in every]),
        static=np.array([name in roles.static for name in every]),
        calendar=np.array([name in roles.calendar for name in every]),
        step=_usual_step(stamps.times[order], starts),
        dates=stamps.dates,
        rows=order,
        notes=(*stamps.notes, *_sorting(stamps, of_row, roles.time)),
        zoned=stamps.zoned,
        categories={name: named for name, (named, _) in categories.items()},
    )
    _check_static(table, source_of(frame))
    return table


def _variables(frame: pd.DataFrame, roles: Roles) -> tuple[str, ...]:
    """The columns to read, in the order of the table: those known up to now, then known ahead, then static."""
    named = [roles.time, *([roles.series] if roles.series else []), *roles.known, *roles.static]
    rest = [str(name) for name in frame.columns if name not in named]
    chosen = tuple(name for name in rest if _is_numeric(frame[name])) if roles.variables is None else roles.variables
    every = [*named, *chosen, *roles.calendar]
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise ConfigError(
            f"{', '.join(map(repr, twice))} cannot play two parts in the table",
            where="the columns of the series",
            fix="name each column once among time, series, variables, known, static and calendar",
        )
    for name in (*named, *chosen):
        column(frame, name)
    if not chosen:
        raise DataError(
            "no column of numbers is left to be a variable",
            where=source_of(frame),
            fix="name the columns to read as `variables`; texts are read as categories where they are named",
        )
    return (*chosen, *roles.known, *roles.static)


def _given(cells: pd.Series) -> list[str]:
    """Cells that hold something, up to a number that tells as much as all of them."""
    return [str(cell) for cell in cells[cells.notna()].iloc[:2000] if str(cell).strip()]


def _is_numeric(cells: pd.Series) -> bool:
    """Are most cells numbers? A few odd ones are errors, and do not make a column another kind."""
    given = _given(cells)
    return bool(given) and bool(np.isfinite(numbers_of(given)).mean() > 0.95)


def _categories(cells: pd.Series) -> tuple[tuple[str, ...], Float[np.ndarray, "N"]]:
    """The names of the categories of a column, and the number of that of each row; NaN where it is missing."""
    texts = np.array(["" if cell is None else str(cell).strip() for cell in cells], dtype=object)
    texts[cells.isna().to_numpy() | (texts == "")] = None
    numbers, names = pd.factorize(texts)
    return tuple(names), np.where(numbers < 0, np.nan, numbers)


def _numbers(frame: pd.DataFrame, name: str) -> Float[np.ndarray, "N"]:
    cells = frame[name]
    missing = cells.isna().to_numpy()
    numbers = numbers_of(str(float(cell)) if isinstance(cell, bool) else str(cell) for cell in cells)
    bad = np.flatnonzero(np.isnan(numbers) & ~missing)
    said_missing = np.array([str(cells.iloc[i]).strip().lower() in ("nan", "na", "null", "none", "") for i in bad])
    if len(bad) and not said_missing.all():
        row = bad[int(np.argmin(said_missing))]
        raise DataError(
            f"expected a finite number, got {cells.iloc[row]!r}",
            where=where(source_of(frame), row=frame.index[row], column=name),
            fix="correct the cell, leave it empty where the number is missing, or leave the column out",
        )
    return numbers


def _series(frame: pd.DataFrame, name: str | None) -> tuple[tuple[str, ...], Int[np.ndarray, "N"]]:
    """The names of the series, in the order of the table, and which one each row belongs to."""
    if name is None:
        return ("",), np.zeros(len(frame), dtype=np.int64)
    cells = column(frame, name)
    missing = np.flatnonzero(cells.isna())
    if len(missing):
        place = where(source_of(frame), row=frame.index[missing[0]], column=name)
        raise DataError("the series is not named", where=place, fix="fill the cell, or leave the row out")
    numbers, names = pd.factorize(np.array([str(cell) for cell in cells], dtype=object))
    return tuple(names), numbers


def _check_once(
    frame: pd.DataFrame, roles: Roles, stamps: Stamps, of_row: Int[np.ndarray, "N"], order: Int[np.ndarray, "N"]
) -> None:
    same = (np.diff(of_row[order]) == 0) & (np.diff(stamps.times[order]) == 0)
    if not same.any():
        return
    first, second = sorted(order[int(same.argmax()) : int(same.argmax()) + 2].tolist())
    raise DataError(
        f"the time stamp {stamps.texts[second]} occurs twice, also in row {frame.index[first]}"
        + (f"; so do {same.sum() - 1:,} others" if same.sum() > 1 else ""),
        where=where(source_of(frame), row=frame.index[second], column=roles.time),
        fix="name the column that tells series apart as `series`, or keep one row of each time stamp",
    )


def _sorting(stamps: Stamps, of_row: Int[np.ndarray, "N"], name: str) -> tuple[str, ...]:
    by_series = np.argsort(of_row, kind="stable")
    backwards = (np.diff(stamps.times[by_series]) < 0) & (np.diff(of_row[by_series]) == 0)
    return (f"rows were not in the order of '{name}', and were sorted",) if backwards.any() else ()


def _usual_step(times: Float[np.ndarray, "N"], starts: Int[np.ndarray, "K+1"]) -> float:
    """The median distance between two neighbours in a series; 1 where no series has two rows."""
    inside = np.ones(max(0, len(times) - 1), dtype=bool)
    inside[starts[1:-1] - 1] = False
    distances = np.diff(times)[inside]
    return float(np.median(distances)) if len(distances) else 1.0


def _check_static(table: LongTable, source: str) -> None:
    for v in np.flatnonzero(table.static):
        for k, name in enumerate(table.names):
            part = table.values[table.starts[k] : table.starts[k + 1], v]
            if len(np.unique(part[np.isfinite(part)])) > 1:
                raise DataError(
                    f"the column '{table.variables[v]}' is static, and changes within the series '{name}'",
                    where=source,
                    fix="name it among the known or the other variables",
                )
