"""Gaps between the time stamps of series: counted, or filled with rows whose numbers are missing.

Legend: N rows, K series, V variables.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from salience.core.errors import DataError
from salience.data.long_table import LongTable
from salience.data.stamps import CALENDAR, calendar_numbers, duration, in_words, written

# Rows that filling may add, for each row that is there: more is a wrong step, not a gap.
_MOST_ADDED = 20


def gaps_note(table: LongTable) -> tuple[str, ...]:
    """How many steps are longer than the usual one, if any are."""
    distances = np.diff(table.times)
    inside = np.ones(len(distances), dtype=bool)
    inside[table.starts[1:-1] - 1] = False
    long = int((distances[inside] > 1.5 * table.step).sum())
    if not long:
        return ()
    usual = in_words(table.step, dates=table.dates)
    return (
        f"{long:,} of {inside.sum():,} steps are longer than the usual {usual}; windows go by rows and run across "
        "them. Give `step` to fill gaps with missing numbers",
    )


def filled(table: LongTable, step: str | float) -> LongTable:
    """The table with one row per step in each series; what is added has no numbers but those of the calendar.

    Raises:
        DataError: a time stamp lies off the steps of its series, or the step is far too small for the table.
    """
    size = duration(step, dates=table.dates)
    places = [_places(table, k, size) for k in range(len(table.names))]
    counts = np.array([each[-1] + 1 for each in places])
    if counts.sum() > len(table) * _MOST_ADDED:
        raise DataError(
            f"a step of {step} would make {counts.sum():,} rows of {len(table):,}",
            where="step",
            fix=f"give the usual step of the table, {in_words(table.step, dates=table.dates)}",
        )
    starts = np.concatenate([[0], np.cumsum(counts)])
    there = np.concatenate([start + each for start, each in zip(starts[:-1], places, strict=True)])
    origin = table.times[table.starts[:-1]]
    times = np.concatenate([first + size * np.arange(n) for first, n in zip(origin, counts, strict=True)])
    values = np.full((len(times), len(table.variables)), np.nan)
    values[there] = table.values
    _keep_known(table, values, times, starts)
    rows = np.full(len(times), -1)
    rows[there] = table.rows
    stamps = np.empty(len(times), dtype=object)
    stamps[there] = table.stamps
    for i in np.flatnonzero(rows < 0):
        stamps[i] = written(times[i], dates=table.dates, like=str(table.stamps[0]))
    added = len(times) - len(table)
    note = (f"{added:,} rows were added to fill gaps",) if added else ()
    return replace(
        table,
        starts=starts,
        stamps=stamps,
        times=times,
        values=values,
        rows=rows,
        step=size,
        notes=(*table.notes, *note),
    )


def _places(table: LongTable, k: int, size: float) -> np.ndarray:
    """Which step of its series each row is."""
    part = slice(table.starts[k], table.starts[k + 1])
    place = (table.times[part] - table.times[part.start]) / size
    whole = np.round(place).astype(np.int64)
    off = np.flatnonzero((np.abs(place - whole) > 1e-6) | (np.diff(whole, prepend=-1) == 0))
    if len(off):
        row = part.start + int(off[0])
        raise DataError(
            f"the time stamp {table.stamps[row]} lies off the steps that are counted from {table.stamps[part.start]}",
            where=f"series '{table.names[k]}'" if table.names[k] else "the series",
            fix="give a step that divides all distances, or none",
        )
    return whole


def _keep_known(table: LongTable, values: np.ndarray, times: np.ndarray, starts: np.ndarray) -> None:
    """Fill in what an added row has all the same: static numbers, and the calendar."""
    for k in range(len(table.names)):
        first = values[starts[k], table.static]
        values[starts[k] : starts[k + 1], table.static] = first
    own = [v for v, name in enumerate(table.variables) if table.calendar[v] and name in CALENDAR]
    if own:
        values[:, own] = calendar_numbers(times, [table.variables[v] for v in own], dates=table.dates)
