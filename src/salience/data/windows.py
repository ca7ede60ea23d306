"""Windows over a long table: views of what is known at some moment, and of what comes after it.

Legend: L rows of a window (the look-back), H rows after it (the horizon), V variables, N windows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from jaxtyping import Bool, Float

from salience.core.errors import DataError
from salience.core.lazy import Lazy
from salience.data.long_table import LongTable
from salience.data.stamps import written


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """`look_back` rows of one series, up to the moment `stop`, and the `horizon` rows after it. It holds no numbers.

    A window at the end of its series has fewer rows after it, or none: they are what is to be forecast.
    """

    table: LongTable
    series: int
    stop: int  # the row of the table after the last one of the look-back
    look_back: int
    horizon: int

    @property
    def past(self) -> Float[np.ndarray, "L V"]:
        """What is known at the moment; NaN where a number is missing."""
        return self.table.values[self.stop - self.look_back : self.stop]

    @property
    def future(self) -> Float[np.ndarray, "H V"]:
        """What comes after, to learn from and to judge by; NaN where it is missing or beyond the end."""
        end = int(self.table.starts[self.series + 1])
        there = self.table.values[self.stop : min(self.stop + self.horizon, end)]
        beyond = np.full((self.horizon - len(there), there.shape[1]), np.nan)
        return np.concatenate([there, beyond]) if len(beyond) else there

    def categories(self, variable: str) -> list[str | None]:
        """The categories of a variable in the look-back and the horizon, as far as the series goes; None is missing."""
        named, v = self.table.categories[variable], self.table.variables.index(variable)
        codes = np.concatenate([self.past[:, v], self.future[:, v]])
        return [None if np.isnan(code) else named[int(code)] for code in codes]

    @property
    def name(self) -> str:
        """The name of the series; empty where the table is one series."""
        return self.table.names[self.series]

    def stamps(self) -> list[str]:
        """The time stamps of the look-back, as the user wrote them."""
        return self.table.stamps[self.stop - self.look_back : self.stop].tolist()

    def stamps_ahead(self) -> list[str]:
        """The time stamps of the horizon; beyond the end of the series they go on by its usual step."""
        end = int(self.table.starts[self.series + 1])
        there = self.table.stamps[self.stop : min(self.stop + self.horizon, end)].tolist()
        last, step = float(self.table.times[end - 1]), self.table.step
        beyond = range(1, self.horizon - len(there) + 1)
        like = str(self.table.stamps[end - 1])
        return there + [written(last + step * i, dates=self.table.dates, like=like) for i in beyond]

    def __str__(self) -> str:
        return f"{self.name} {self.stamps()[0]} to {self.stamps()[-1]}".strip()

    def __repr__(self) -> str:
        return f"Window({self!s})"


@dataclass(frozen=True, slots=True)
class Run:
    """Windows of one series that follow each other: the first ends before row `first`, the last before `last`."""

    series: int
    first: int
    last: int


def windows(table: LongTable, runs: Sequence[Run], *, look_back: int, horizon: int, stride: int = 1) -> Lazy[Window]:
    """All windows of some runs, made when they are asked for.

    Args:
        stride: rows from one window to the next.
    """
    runs = [run for run in runs if run.last >= run.first]
    ends = list(accumulate((run.last - run.first) // stride + 1 for run in runs))

    def make(i: int) -> Window:
        number = bisect_right(ends, i)
        before = ends[number - 1] if number else 0
        run = runs[number]
        return Window(table, run.series, run.first + (i - before) * stride, look_back, horizon)

    return Lazy(ends[-1] if ends else 0, make)


def runs_between(
    table: LongTable, start: float, stop: float, *, look_back: int, horizon: int, reach_back: bool
) -> list[Run]:
    """The windows whose horizon lies from time `start` to before `stop`, series by series.

    Args:
        reach_back: whether the look-back may begin before `start`, as it may for validation and test.
    """
    runs = []
    for k in range(len(table.names)):
        begin, end = int(table.starts[k]), int(table.starts[k + 1])
        low, high = (begin + int(np.searchsorted(table.times[begin:end], each)) for each in (start, stop))
        earliest = (begin if reach_back else low) + look_back
        runs.append(Run(k, max(low, earliest), high - max(horizon, 1)))
    return runs


def covered(cells: Iterable[Window]) -> dict[int, tuple[LongTable, Bool[np.ndarray, "N"]]]:
    """Which rows of a table some windows see, horizons included; tables by their identity."""
    found: dict[int, tuple[LongTable, np.ndarray]] = {}
    for window in cells:
        table = window.table
        _, edges = found.setdefault(id(table), (table, np.zeros(len(table) + 1, dtype=np.int32)))
        end = min(window.stop + window.horizon, int(table.starts[window.series + 1]))
        edges[window.stop - window.look_back] += 1
        edges[end] -= 1
    return {key: (table, np.cumsum(edges)[:-1] > 0) for key, (table, edges) in found.items()}


def only_table(cells: Iterable[Window]) -> tuple[LongTable, Bool[np.ndarray, "N"]]:
    """The one table that training windows see, and which of its rows.

    Raises:
        DataError: there is no window, or the windows are of several tables.
    """
    found = list(covered(cells).values())
    if len(found) != 1:
        raise DataError(
            f"expected windows of one long table to learn from, got windows of {len(found)}",
            fix="put all series into one table, with a column that names them",
        )
    return found[0]


def moments(
    table: LongTable, rows: Bool[np.ndarray, "N"], variables: Sequence[int]
) -> tuple[Float[np.ndarray, "V"], Float[np.ndarray, "V"]]:
    """Mean and standard deviation of some variables over these rows; 1 for the deviation where nothing varies.

    Raises:
        DataError: a variable has no number in these rows.
    """
    values = table.values[rows][:, list(variables)]
    known = np.isfinite(values)
    empty = [table.variables[v] for v, some in zip(variables, known.any(0), strict=True) if not some]
    if empty:
        raise DataError(
            f"no number of {', '.join(map(repr, empty))} is known in the training rows",
            fix="leave the column out, or divide the rows at other times",
        )
    count = known.sum(0)
    mean = np.where(known, values, 0.0).sum(0) / count
    deviation = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(0) / count)
    return mean, np.where(deviation > 1e-12 * np.maximum(1.0, np.abs(mean)), deviation, 1.0)
