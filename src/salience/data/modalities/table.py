"""Several columns of a row: numbers, categories, yes or no, dates; each column is one element.

Legend: B examples, S columns that are read, U units, K features.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, final

import numpy as np
import pandas as pd
import torch
from torch import nn

from salience.core.batch import Example, Layout, Stream
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.place import Column, Unit
from salience.data.kind import kind_of
from salience.data.modalities.column_kinds import MISSING, UNSEEN, Category, ColumnKind, column_kind, is_missing
from salience.data.modalities.column_stem import ColumnStem

log = logging.getLogger(__name__)

# What a column is read as when nobody says: by what its training cells look like. Any other kind is categorical.
_READ_AS = {"numeric": "numeric", "boolean": "boolean", "date": "date"}


@final
class Table:
    """Columns of a table, each of which is one unit. A missing cell is a state of its own, and a unit like others.

    Whatever is learned (scales, categories, calendars) is learned from training cells. A column that is the same in all
    training rows is not read, because nothing can be learned of it: see `left_out`. A category that training hardly
    showed is read as unseen. A row of which nothing is left becomes one position that belongs to no unit.

    Args:
        columns: the columns to read; or a mapping from column to kind: numeric, categorical, boolean or date. A kind
            that is not given is taken from the look of the training cells.
        numbers: how numbers are scaled: `quantile` or `standard` (see `column_kinds.Number`).

    >>> table = Table(["age", "job"]).fit([{"age": 30, "job": "cook"}, {"age": "41", "job": "vet"}] * 2)
    >>> example = table.encode({"age": 30, "job": None})
    >>> [(unit.column, unit.text) for unit in table.units(example, "table")]
    [('age', '30'), ('job', '')]
    """

    gives: ClassVar[frozenset[str]] = frozenset()
    #: Columns have no order, so that an encoder must not count them.
    ordered: ClassVar[bool] = False

    def __init__(self, columns: Sequence[str] | Mapping[str, str], *, numbers: str = "quantile") -> None:
        if isinstance(columns, str) or not columns:
            raise ConfigError(
                f"expected the columns to read, got {columns!r}", where="Table", fix="give a list: [age, job]"
            )
        self.reads: tuple[str, ...] = tuple(dict.fromkeys(columns))
        self.numbers = numbers
        self._given = dict(columns) if isinstance(columns, Mapping) else {}
        for name, kind in self._given.items():
            _check_kind(name, kind, numbers)
        #: The columns that are not read, each with the reason.
        self.left_out: dict[str, str] = {}
        self._kinds: dict[str, ColumnKind] = {}
        self._names: dict[str, str] = {}

    @property
    def kinds(self) -> Mapping[str, str]:
        """The columns that are read, in order, each with the name of its kind.

        Raises:
            NotAvailable: neither `fit` nor `restore` was called.
        """
        return {name: self._names[name] for name in self._fitted}

    @property
    def _fitted(self) -> dict[str, ColumnKind]:
        if not self._kinds:
            raise NotAvailable("this table has not been fitted", fix="call fit(cells), or restore(state)")
        return self._kinds

    def fit(self, cells: Sequence[Any]) -> Self:
        """Learn the scales, categories and calendars of the columns.

        Raises:
            DataError: a cell is not what its column holds, or every column is the same in all rows.
        """
        self._kinds, self._names, self.left_out = {}, {}, {}
        for name in self.reads:
            self._fit_column(name, _cells(cells, name))
        if not self._kinds:
            raise DataError(
                f"each of the columns {', '.join(self.reads)} is the same in all {len(cells):,} training rows",
                where="fitting a table",
                fix="read other columns, or divide the rows in another way",
            )
        return self

    def encode(self, cell: Any) -> Example:
        """A row of `values` per column: its number, its state, its features.

        Raises:
            DataError: the cell is no mapping, lacks a column, or a column cannot hold what is there.
        """
        if cell is None:
            return self._nothing(cell)
        values = np.zeros((len(self._fitted), 2 + self._features), dtype=np.float32)
        for number, (name, kind) in enumerate(self._fitted.items()):
            state, features = _encoded(kind, _cell(cell, name), name)
            values[number, : 2 + len(features)] = (number, state, *features)
        count = len(values)
        return Example(cell, values, np.arange(count)[:, None], np.arange(count, dtype=np.int32))

    def collate(self, examples: Sequence[Example]) -> Stream:
        lengths = [len(example) for example in examples]
        size = max(lengths, default=0)
        values = np.zeros((len(examples), size, 2 + self._features), dtype=np.float32)
        for row, (example, length) in enumerate(zip(examples, lengths, strict=True)):
            values[row, :length] = example.values
        return Stream(torch.from_numpy(values), Layout(torch.tensor(lengths, dtype=torch.int64), size))

    def stem(self, width: int) -> nn.Module:
        """A vector per column: a bias, one for the state of the cell, and a direction for each of its numbers."""
        kinds = self._fitted.values()
        return ColumnStem(
            width,
            states=[each.states for each in kinds],
            features=self._features,
            unseen=[UNSEEN if isinstance(each, Category) else None for each in kinds],
        )

    def units(self, example: Example, column: str) -> list[Unit]:  # noqa: ARG002
        """The columns of an example, each with its cell as the user wrote it; a missing one is an empty text."""
        names = list(self._fitted)
        present = (names[number] for number in example.places[:, 0].tolist())
        return [Unit(name, _written(example.cell, name), Column(name)) for name in present]

    def width_of(self, kind: str) -> int:
        """How many numbers a cell of a column of this kind has."""
        return column_kind(kind, numbers=self.numbers).features

    def without(self, example: Example, removed: Collection[int]) -> Example:
        """The same example without these columns: there is nothing in their place.

        Raises:
            DataError: an index that is no unit of this example.
        """
        stays = np.ones(len(example.places), dtype=bool)
        stays[_checked(example, removed)] = False
        if not stays.any():
            return self._nothing(example.cell)
        owner = np.arange(stays.sum(), dtype=np.int32)
        return replace(example, values=example.values[stays], places=example.places[stays], owner=owner)

    def blank(self, example: Example, hidden: Collection[int]) -> Example:
        """The same example with nothing known of these columns, as if their cells were missing.

        Raises:
            DataError: an index that is no unit of this example.
        """
        values = example.values.copy()
        values[_checked(example, hidden), 1] = MISSING
        values[_checked(example, hidden), 2:] = 0.0
        return replace(example, values=values)

    def state(self) -> dict[str, Any]:
        fitted = {name: {"kind": self._names[name], **kind.state()} for name, kind in self._fitted.items()}
        return {"columns": fitted, "left_out": self.left_out}

    def restore(self, state: dict[str, Any]) -> Self:
        self._kinds, self._names, self.left_out = {}, {}, dict(state["left_out"])
        for name, fitted in state["columns"].items():
            self._names[name] = fitted["kind"]
            self._kinds[name] = column_kind(fitted["kind"], numbers=self.numbers).restore(fitted)
        return self

    @property
    def _features(self) -> int:
        return max(each.features for each in self._fitted.values())

    def _fit_column(self, name: str, cells: Sequence[Any]) -> None:
        chosen = self._given.get(name) or _look(name, cells)
        made = column_kind(chosen, numbers=self.numbers)
        try:
            made.fit(cells)
        except DataError as error:
            raise DataError(error.problem, where=f"fitting the column '{name}'", fix=error.fix) from error
        if len({made.encode(cell) for cell in cells}) > 1:
            self._kinds[name], self._names[name] = made, chosen
            return
        self.left_out[name] = "no value occurs twice in train" if len(set(map(str, cells))) > 1 else "constant in train"
        log.warning("the column '%s' is not read: %s", name, self.left_out[name])

    def _nothing(self, cell: Any) -> Example:
        values = np.zeros((1, 2 + self._features), dtype=np.float32)
        values[0, 0] = len(self._fitted)
        return Example(cell, values, np.empty((0, 1), dtype=np.int64), np.array([-1], dtype=np.int32))


def _cells(rows: Sequence[Any], name: str) -> list[Any]:
    """The cells of one column, one per row.

    Raises:
        DataError: a row is no mapping, or lacks the column.
    """
    found = []
    for number, row in enumerate(rows):
        try:
            found.append(_cell(row, name))
        except DataError as error:
            place = f"cell {number} of {len(rows):,} training cells"
            raise DataError(error.problem, where=place, fix=error.fix) from error
    return found


def _look(name: str, cells: Sequence[Any]) -> str:
    """The kind that cells look like."""
    known = [None if is_missing(cell) else cell for cell in cells]
    return _READ_AS.get(kind_of(pd.Series(known, dtype=object, name=name)).name, "categorical")


def _check_kind(name: str, kind: Any, numbers: str) -> None:
    if not isinstance(kind, str):
        raise ConfigError(f"expected the kind of the column '{name}' as a name, got {kind!r}", where="Table")
    column_kind(kind, numbers=numbers)


def _cell(row: Any, name: str) -> Any:
    if row is None:
        return None
    if not isinstance(row, Mapping):
        raise DataError(
            f"expected a mapping from column to cell, got {type(row).__name__} ({row!r:.40})",
            fix="give each row as a mapping: {'age': 30, 'job': 'cook'}",
        )
    if name not in row:
        raise DataError(f"the column '{name}' is missing", where=name, fix="give None where a value is not known")
    return row[name]


def _encoded(kind: ColumnKind, cell: Any, name: str) -> tuple[int, tuple[float, ...]]:
    try:
        return kind.encode(cell)
    except DataError as error:
        raise DataError(error.problem, where=name, fix=error.fix) from error


def _written(row: Any, name: str) -> str:
    cell = row[name]
    return "" if is_missing(cell) else str(cell)


def _checked(example: Example, chosen: Collection[int]) -> np.ndarray:
    """Indices of units as an array.

    Raises:
        DataError: one of them is no unit.
    """
    index, count = np.fromiter(chosen, dtype=np.int64, count=len(chosen)), len(example.places)
    if len(index) and (index.min() < 0 or index.max() >= count):
        raise DataError(f"expected units from 0 to {count - 1}, got {index.min()} to {index.max()}")
    return index
