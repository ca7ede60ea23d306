"""Series: a window of a long table, as time stamps, variables, patches or single cells.

Legend: B examples, S positions, U units, L rows of a window, T rows that are read (with those ahead), C channels, D
width.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Self, final

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from salience.core.batch import Example, Layout, Stream
from salience.core.errors import ConfigError, DataError, NotAvailable, did_you_mean
from salience.core.place import Stretch, Unit
from salience.data.long_table import LongTable, Roles, read_long
from salience.data.modalities.arrangement import ELEMENTS, Arrangement
from salience.data.modalities.channels import Channels
from salience.data.modalities.series_stem import SeriesStem
from salience.data.windows import Window

# The optional fields of `Layout` that elements have.
_GIVES = {"times": ("times",), "cells": ("groups", "grid")}


@final
class Series:
    """What was known of a series at some moment: the last rows of a long table.

    Numbers are standardised by the training rows. A missing number is read as the last one before it (as the mean of
    the training rows where there is none), and a variable that misses some in the training rows has an indicator
    beside it that says which. A column of texts or booleans that is named is read as categories: those of the training
    rows, and two more for unseen and for missing ones. Variables that are known ahead are read up to the end of the
    horizon, all others up to the moment; patches end at the moment for all.

    Its units by `elements`: "times", time stamps with all variables; "variables", variables over the whole window;
    "patches", a variable over `patch` neighbouring time stamps; "cells", a variable at a time stamp. A static variable
    is one unit, unless time stamps are. A unit that is taken away holds the last number before it that is left (before
    the first that is left, that one); a variable of which nothing is left stays at its first number. A unit that is
    blanked has the mean of the training rows, and counts as missing. All of a category is one unit.

    Args:
        time: the column of time stamps.
        series: the column that names the series; None where the table is one series.
        look_back: rows of a window.
        elements: what a position is; by default what the network reads if there is one, else time stamps.
        patch: rows of a patch; by default the most up to 16 that fill a window.
        variables: columns that are known up to now; by default every column of numbers that plays no other part.
            Categories are read where they are named.
        known: columns that are known ahead.
        static: columns that stay the same within a series.
        calendar: what to read from the time stamp: hour, weekday, day, month, ...
        step: the distance between two time stamps, such as "1h"; gaps are then filled with missing numbers.
        stride: rows from one training window to the next.

    Raises:
        ConfigError: an option has no such value.
    """

    def __init__(
        self,
        *,
        time: str,
        series: str | None = None,
        look_back: int = 96,
        elements: str | None = None,
        patch: int | None = None,
        variables: Sequence[str] | None = None,
        known: Sequence[str] = (),
        static: Sequence[str] = (),
        calendar: Sequence[str] = (),
        step: str | float | None = None,
        stride: int = 1,
    ) -> None:
        if stride < 1:
            raise ConfigError(f"stride is {stride}", where="Series", fix="give a number of rows above 0")
        if look_back < 1 or (patch is not None and patch < 1):
            raise ConfigError(
                f"look_back is {look_back} and patch is {patch}", where="Series", fix="give numbers of rows above 0"
            )
        self.roles = Roles(
            time=time,
            series=series,
            variables=None if variables is None else tuple(variables),
            known=tuple(known),
            static=tuple(static),
            calendar=tuple(calendar),
        )
        self.look_back = look_back
        self._chosen = elements
        self.patch = patch or max(rows for rows in range(1, 17) if look_back % rows == 0)
        self.step = step
        self.stride = stride
        #: What was fitted, see `Channels.fitted`.
        self._fitted: dict[str, Any] | None = None
        self._channels: Channels | None = None
        self._arranged: Arrangement | None = None
        self.read_as("times" if elements is None else elements)

    def read_as(self, elements: str) -> None:
        """Choose what a position is, before `fit`.

        Raises:
            ConfigError: there are no such elements, others were named in the options, or patches do not fill a window.
        """
        if elements not in ELEMENTS:
            raise ConfigError(
                f"there are no elements '{elements}' in a series", where="Series", fix=did_you_mean(elements, ELEMENTS)
            )
        if self._chosen not in (None, elements):
            raise ConfigError(
                f"the network reads {elements}, and the series is to be read as {self._chosen}",
                where="Series, elements",
                fix=f"leave `elements` out, or write elements: {elements}",
            )
        if elements == "patches" and self.look_back % self.patch:
            raise ConfigError(
                f"patches of {self.patch} rows do not fill a window of {self.look_back}",
                where="Series",
                fix="give a look_back that is a multiple of patch",
            )
        self.elements = elements
        self.gives = frozenset(_GIVES.get(elements, ()))
        #: Do positions follow each other, so that where one stands says nothing of what it is?
        self.ordered = elements != "variables"

    def table(self, frame: pd.DataFrame) -> LongTable:
        """The series in a frame from `salience.data.table.read`, as the options say; once fitted, as it was fitted.

        Raises:
            DataError: see `read_long` and `filled`.
        """
        from salience.data.gaps import filled, gaps_note

        table = self._read(frame)
        if self.step is not None:
            return filled(table, self.step)
        return replace(table, notes=(*table.notes, *gaps_note(table)))

    def fit(self, cells: Sequence[Window]) -> Self:
        """Learn means and deviations from all rows that these windows see, horizons included.

        Raises:
            DataError: there is no window, windows are of several tables or of another length, or a variable has no
                number or too many categories in these rows.
        """
        return self.restore(Channels.fitted(cells, reads_ahead=self.elements != "patches"))

    @property
    def arrangement(self) -> Arrangement:
        """Which number stands at which position, and which unit it belongs to.

        Raises:
            NotAvailable: neither `fit` nor `restore` was called.
        """
        if self._arranged is None:
            raise NotAvailable("this series has not been fitted", fix="call fit(cells), or restore(state)")
        return self._arranged

    @property
    def channels(self) -> Channels:
        """What is read of each row.

        Raises:
            NotAvailable: neither `fit` nor `restore` was called.
        """
        if self._channels is None:
            raise NotAvailable("this series has not been fitted", fix="call fit(cells), or restore(state)")
        return self._channels

    def encode(self, cell: Window | None) -> Example:
        """The numbers of a window. Without a window (None), the means, and no unit.

        Raises:
            DataError: the window has another length, or its table lacks a variable.
        """
        arranged = self.arrangement
        if cell is None:
            values = arranged.values(np.zeros((arranged.rows, arranged.channels), dtype=np.float32))
            return Example(None, values, arranged.places[:0], np.full_like(arranged.owner, -1))
        if not isinstance(cell, Window) or cell.look_back != self.look_back:
            given = f"one of {cell.look_back}" if isinstance(cell, Window) else type(cell).__name__
            raise DataError(f"expected a window of {self.look_back} rows, got {given}", fix="see salience.data.windows")
        values = arranged.values(self.channels.matrix(cell))
        return Example(cell, values, arranged.places, arranged.owner, arranged.groups)

    def collate(self, examples: Sequence[Example]) -> Stream:
        arranged = self.arrangement
        size, count = len(arranged.owner), len(examples)
        values = torch.from_numpy(np.stack([each.values for each in examples]))
        groups = None if arranged.groups is None else torch.from_numpy(np.tile(arranged.groups, (count, 1)).astype(int))
        times = self._times(examples) if "times" in self.gives else None
        lengths = torch.full((count,), size, dtype=torch.int64)
        return Stream(values, Layout(lengths, size, groups=groups, grid=arranged.grid, times=times))

    def stem(self, width: int) -> nn.Module:
        """A linear map of each position, and learned vectors of its step and its variable."""
        return SeriesStem(self.arrangement.size, width, self.arrangement.steps, self.arrangement.variables)

    def units(self, example: Example, column: str) -> list[Unit]:
        """Stretches of time, each of one variable or of all."""
        if not isinstance(example.cell, Window):
            return []
        window, names = example.cell, self.channels.variables
        stamps = [*window.stamps(), *(window.stamps_ahead() if self.arrangement.rows > self.look_back else ())]
        named = {name: window.categories(name) for name in names if name in window.table.categories}
        units = []
        for first, last, v in example.places.tolist():
            place = Stretch(stamps[first], stamps[last], None if v < 0 else names[v], window.name or None)
            holds = set(named.get(place.variable or "", ())[first : last + 1])
            units.append(Unit(column, _told(place, holds), place))
        return units

    def without(self, example: Example, removed: Collection[int]) -> Example:
        """The same example with these units held at the last number before them that is left; they are no units more.

        Raises:
            DataError: an index that is no unit of this example.
        """
        arranged = self.arrangement
        left = _left(example, removed)
        number = np.append(np.cumsum(left[:-1]) - 1, -1)
        number[:-1][~left[:-1]] = -1
        gone = arranged.matrix(~left[example.owner]) & arranged.read
        values = arranged.values(_held(arranged.matrix(example.values), gone))
        owner = number[example.owner].astype(example.owner.dtype)
        return replace(example, values=values, places=example.places[left[:-1]], owner=owner)

    def blank(self, example: Example, hidden: Collection[int]) -> Example:
        """The same example with these units at the mean of the training rows, and missing where that can be said.

        Raises:
            DataError: an index that is no unit of this example.
        """
        arranged = self.arrangement
        gone = arranged.matrix(~_left(example, hidden)[example.owner]) & arranged.read
        values = np.where(gone, self.channels.unknown, arranged.matrix(example.values))
        return replace(example, values=arranged.values(values))

    def state(self) -> dict[str, Any]:
        return dict(self._known())

    def restore(self, state: dict[str, Any]) -> Self:
        self._fitted = dict(state)
        self._channels = Channels(state, look_back=self.look_back)
        self._arranged = Arrangement(
            self.elements,
            look_back=self.look_back,
            ahead=self._channels.ahead,
            patch=self.patch,
            known=self._channels.known,
            static=self._channels.static,
            variable=self._channels.variable,
        )
        return self

    def _known(self) -> dict[str, Any]:
        if self._fitted is None:
            raise NotAvailable("this series has not been fitted", fix="call fit(cells), or restore(state)")
        return self._fitted

    def _read(self, frame: pd.DataFrame) -> LongTable:
        """The columns that were fitted, as what they were; before that, those that the options and the cells say."""
        if self._fitted is None:
            return read_long(frame, self.roles)
        others = (*self.roles.known, *self.roles.static, *self.roles.calendar)
        roles = replace(self.roles, variables=tuple(each for each in self._fitted["variables"] if each not in others))
        table = read_long(frame, roles, categorical=self._fitted.get("categories", ()))
        clock = self._fitted.get("clock", table.clock)
        if table.clock != clock:
            raise DataError(
                f"the model was trained on time stamps that are {clock}, and these are {table.clock}",
                where=f"column '{self.roles.time}'",
                fix="write them as they were in training",
            )
        return table

    def _times(self, examples: Sequence[Example]) -> Float[torch.Tensor, "B S"]:
        """Steps since the first row of each window."""
        rows = self.arrangement.rows
        return torch.from_numpy(np.stack([_steps(each.cell, rows) for each in examples]))


def _told(place: Stretch, holds: Collection[str | None]) -> str:
    """A stretch in words, with the category that holds all along it, if there is one."""
    when = place.start if place.start == place.stop else f"{place.start} to {place.stop}"
    if place.variable is None:
        return when
    return (
        f"{place.variable} is {next(iter(holds)) or 'missing'}, {when}"
        if len(holds) == 1
        else f"{place.variable}, {when}"
    )


def _held(matrix: Float[np.ndarray, "T C"], gone: Bool[np.ndarray, "T C"]) -> Float[np.ndarray, "T C"]:
    """What is gone as the last number before it that is left, or the first that is left; or the first of all."""
    rows = np.arange(len(matrix))[:, None]
    last = np.maximum.accumulate(np.where(gone, -1, rows), axis=0)
    first_left = np.where(gone.all(0), 0, gone.argmin(0))
    source = np.where(last < 0, first_left, last)
    return np.where(gone, np.take_along_axis(matrix, source, axis=0), matrix)


def _steps(window: object, rows: int) -> Float[np.ndarray, "T"]:
    if not isinstance(window, Window):
        return np.arange(rows, dtype=np.float32)
    start, table = window.stop - window.look_back, window.table
    end = min(start + rows, int(table.starts[window.series + 1]))
    times = (table.times[start:end] - table.times[start]) / table.step
    beyond = times[-1] + np.arange(1, rows - len(times) + 1)
    return np.concatenate([times, beyond]).astype(np.float32)


def _left(example: Example, removed: Collection[int]) -> Bool[np.ndarray, "U+1"]:
    """Which units stay, and one place more that always does, for the owner -1 of positions without a unit."""
    count = len(example.places)
    left = np.ones(count + 1, dtype=bool)
    index: Int[np.ndarray, "_"] = np.fromiter(removed, dtype=np.int64, count=len(removed))
    if len(index) and (index.min() < 0 or index.max() >= count):
        raise DataError(f"expected units from 0 to {count - 1}, got {index.min()} to {index.max()}")
    left[index] = False
    return left
