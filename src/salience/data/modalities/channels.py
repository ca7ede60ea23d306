"""From the rows of a window to channels: numbers at the scale of the training rows, and categories one by one.

Legend: L rows of the look-back, T rows that are read (with those ahead), V variables, N variables that are numbers,
C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from salience.core.errors import DataError
from salience.data.long_table import LongTable
from salience.data.windows import Window, moments, only_table

#: Categories of one variable that are told apart: more make too many channels.
MOST_CATEGORIES = 100
_UNSEEN, _MISSING = "unseen", "missing"


class Channels:
    """What is read of each row: one channel per number, then indicators of missing numbers, then categories.

    A number is standardised, and carried forward where it is missing. A category of the training rows is a channel of
    its own, and so are those that the training rows do not have, taken together, and missing ones; of all channels of
    a variable exactly one is 1 in each row.

    Args:
        state: what `fitted` gives.
    """

    def __init__(self, state: dict[str, Any], *, look_back: int) -> None:
        names, categories = state["variables"], state.get("categories", {})
        self.variables: list[str] = names
        self.known, self.static = (np.array(state[each], dtype=bool) for each in ("known", "static"))
        #: Rows after the moment that are read, of what is known ahead.
        self.ahead: int = state["ahead"]
        self._look_back = look_back
        self._numbers = [v for v, name in enumerate(names) if name not in categories]
        self._indicators: list[int] = state["indicators"]
        self._categories: dict[int, list[str]] = {names.index(name): each for name, each in categories.items()}
        self._mean, self._deviation = (np.array(state[each])[self._numbers] for each in ("mean", "deviation"))
        parts = [(v, part) for v, each in self._categories.items() for part in (*each, _UNSEEN, _MISSING)]
        #: [C] the variable of each channel.
        self.variable: Int[np.ndarray, "C"] = np.array([*self._numbers, *self._indicators, *(v for v, _ in parts)])
        self.names: tuple[str, ...] = (
            *(names[v] for v in self._numbers),
            *(f"missing {names[v]}" for v in self._indicators),
            *(f"{names[v]} is {part}" for v, part in parts),
        )
        #: [C] what stands in each channel where nothing is known: the mean of a number, and that it is missing.
        self.unknown: Float[np.ndarray, "C"] = np.array(
            [0.0] * len(self._numbers) + [1.0] * len(self._indicators) + [float(part == _MISSING) for _, part in parts],
            dtype=np.float32,
        )
        #: Channels that say what holds and not how much, so that they have no level and no scale within a window.
        self.plain: tuple[int, ...] = tuple(
            c
            for c, v in enumerate(self.variable.tolist())
            if v in self._categories or (self.static[v] and "categories" in state)
        )
        self._last: tuple[LongTable, list[int], dict[int, Int[np.ndarray, "K"]]] | None = None

    @classmethod
    def fitted(cls, cells: Sequence[Window], *, reads_ahead: bool) -> dict[str, Any]:
        """What all rows that these windows see tell, horizons included: names, scale, categories.

        Args:
            reads_ahead: whether rows after the moment are read, if anything is known of them.

        Raises:
            DataError: there is no window, windows are of several tables, a variable has no number in these rows, or
                more categories than can be told apart.
        """
        table, rows = only_table(cells)
        numbers = [v for v, name in enumerate(table.variables) if name not in table.categories]
        mean, deviation = np.zeros(len(table.variables)), np.ones(len(table.variables))
        mean[numbers], deviation[numbers] = moments(table, rows, numbers)
        missing = np.isnan(table.values[rows]).any(0)
        return {
            "variables": list(table.variables),
            "mean": mean.tolist(),
            "deviation": deviation.tolist(),
            "known": table.known.tolist(),
            "static": table.static.tolist(),
            "clock": table.clock,
            "indicators": [v for v in numbers if missing[v]],
            "categories": {name: _seen(table, rows, name) for name in table.variables if name in table.categories},
            "ahead": cells[0].horizon if table.known[~table.static].any() and reads_ahead else 0,
        }

    def matrix(self, window: Window) -> Float[np.ndarray, "T C"]:
        """What is read of a window. Beyond the moment it is zero but for what is known ahead.

        Raises:
            DataError: the table of the window lacks a variable, or holds another kind of values in it.
        """
        index, lookups = self._found(window.table)
        values, known = window.past[:, index], self.known
        if self.ahead:
            after = np.full((self.ahead, len(known)), np.nan)
            there = window.future[: self.ahead, index]
            after[: len(there), known] = there[:, known]
            values = np.concatenate([values, after])
        numbers = (values[:, self._numbers] - self._mean) / self._deviation
        parts = [_carried(numbers), np.isnan(values[:, self._indicators])]
        parts += [_apart(values[:, v], lookups[v]) for v in self._categories]
        matrix = np.concatenate(parts, axis=1)
        matrix[self._look_back :, ~known[self.variable]] = 0.0
        return matrix.astype(np.float32)

    def _found(self, table: LongTable) -> tuple[list[int], dict[int, Int[np.ndarray, "K"]]]:
        """Where the variables stand in a table, and which channel of its variable each of its categories is."""
        if self._last is None or self._last[0] is not table:
            index = _columns(table, self.variables)
            _check_kinds(table, self.variables, {self.variables[v] for v in self._categories})
            lookups = {
                v: np.array([_place(each, name) for name in table.categories[self.variables[v]]] + [len(each) + 1])
                for v, each in self._categories.items()
            }
            self._last = table, index, lookups
        return self._last[1:]


def _seen(table: LongTable, rows: Bool[np.ndarray, "N"], name: str) -> list[str]:
    """The categories that these rows have, in the order of the alphabet."""
    codes = table.values[rows, table.variables.index(name)]
    found = sorted(table.categories[name][int(code)] for code in np.unique(codes[np.isfinite(codes)]))
    if len(found) > MOST_CATEGORIES:
        raise DataError(
            f"'{name}' has {len(found):,} categories in the training rows, and {MOST_CATEGORIES} can be told apart",
            where="the columns of the series",
            fix="join rare ones under one name, or leave the column out",
        )
    return found


def _place(categories: Sequence[str], name: str) -> int:
    return categories.index(name) if name in categories else len(categories)


def _apart(codes: Float[np.ndarray, "T"], lookup: Int[np.ndarray, "K"]) -> Float[np.ndarray, "T K"]:
    """A channel for each category, one for those that training rows do not have, and one for missing ones."""
    which = lookup[np.where(np.isnan(codes), len(lookup) - 1, codes).astype(int)]
    return np.eye(lookup[-1] + 1)[which]


def _columns(table: LongTable, names: list[str]) -> list[int]:
    index = {name: v for v, name in enumerate(table.variables)}
    absent = [name for name in names if name not in index]
    if absent:
        raise DataError(
            f"the series lack {', '.join(map(repr, absent))}", fix="give all columns that the model was trained on"
        )
    return [index[name] for name in names]


def _check_kinds(table: LongTable, names: Sequence[str], categorical: set[str]) -> None:
    for name in names:
        if (name in table.categories) != (name in categorical):
            was, now = ("categories", "numbers") if name in categorical else ("numbers", "categories")
            raise DataError(
                f"the model was trained on {was} in '{name}', and the series hold {now}",
                fix="read the table with the Series of the trained pipeline: series.table(frame)",
            )


def _carried(values: Float[np.ndarray, "T N"]) -> Float[np.ndarray, "T N"]:
    """NaN as the last number before it, 0 where there is none."""
    known = np.isfinite(values)
    if known.all():
        return values
    last = np.maximum.accumulate(np.where(known, np.arange(len(values))[:, None], -1), axis=0)
    return np.where(last < 0, 0.0, np.take_along_axis(values, np.maximum(last, 0), axis=0))
