"""Windows of series that have a label: the class or the number that stands in the row in which they end.

Legend: N windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from salience import tasks
from salience.core.build import find
from salience.core.errors import ConfigError, DataError
from salience.core.lazy import Lazy
from salience.data import table
from salience.data.fault import where
from salience.data.kind import numbers_of
from salience.data.long_table import LongTable
from salience.data.modalities import Series
from salience.data.windows import Window


@dataclass(frozen=True, eq=False)
class Labelled:
    """Windows that end in a row with a label, series after series, and the labels."""

    stops: Int[np.ndarray, "N"]
    series: Int[np.ndarray, "N"]
    labels: list[Any]
    whole: bool
    """Does the label belong to the whole series, so that each has one window, its last?"""

    def windows(self, long: LongTable, index: Sequence[int], look_back: int) -> Lazy[Window]:
        """Those of these numbers; nothing comes after them."""
        return Lazy(len(index), lambda i: self._window(long, index[i], look_back))

    def _window(self, long: LongTable, i: int, look_back: int) -> Window:
        return Window(long, int(self.series[i]), int(self.stops[i]), look_back, 0)


def split_off(frame: pd.DataFrame, series: Series, target: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """The table without its labels, and the labels: a label must never be read.

    Raises:
        ConfigError: no target was named, or it plays another part as well.
        DataError: there is no such column.
    """
    if target is None:
        raise ConfigError("no target was named", where="target", fix="name the column of labels")
    cells, roles = table.column(frame, target), series.roles
    if target in (roles.time, roles.series, *(roles.variables or ()), *roles.known, *roles.static):
        raise ConfigError(
            f"'{target}' is the target, and cannot be read as well",
            where="the columns of the series",
            fix="leave it out of the options of Series",
        )
    rest = frame.drop(columns=[target])
    rest.attrs = dict(frame.attrs)
    return rest, cells


def labelled_windows(long: LongTable, cells: pd.Series, task: str, *, look_back: int, source: str) -> Labelled:
    """Every window that ends in a row with a label; where labels never change within series, one per series.

    Raises:
        DataError: a label cannot be read, or no series with a label is long enough.
    """
    given = cells.to_numpy(dtype=object)
    known = np.append(~cells.isna().to_numpy(), False)[long.rows]
    of = np.searchsorted(long.starts, np.arange(len(long)), side="right") - 1
    long_enough = np.arange(len(long)) - long.starts[of] + 1 >= look_back
    ends = np.flatnonzero(known & long_enough)
    if not len(ends):
        raise DataError(
            f"no row with a label has {look_back} rows of its series up to it",
            where=source,
            fix="give a shorter look_back, or more of the past",
        )
    texts = np.array([str(given[long.rows[i]]) for i in ends], dtype=object)
    whole = len(long.names) > 1 and all(len(set(texts[of[ends] == k])) <= 1 for k in np.unique(of[ends]))
    if whole:
        last = np.flatnonzero(np.diff(of[ends], append=-1))
        ends, texts = ends[last], texts[last]
    return Labelled(ends + 1, of[ends], _read(texts, cells, long.rows[ends], task, source), whole)


def _read(texts: np.ndarray, cells: pd.Series, rows: np.ndarray, task: str, source: str) -> list[Any]:
    if find(task, tasks) not in (tasks.Ranking, tasks.Regression):
        return texts.tolist()
    numbers = numbers_of(texts)
    bad = np.flatnonzero(np.isnan(numbers))
    if len(bad):
        place = where(source, row=cells.index[rows[bad[0]]], column=str(cells.name))
        raise DataError(f"expected a finite number, got {texts[bad[0]]!r}", where=place, fix="correct the cell")
    return numbers.tolist()
