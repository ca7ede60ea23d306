"""Columns of a node table or an edge table as numbers: those of a first table, for every table after it.

Legend: N rows, F features.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from salience.core.errors import DataError, did_you_mean
from salience.data import table
from salience.data.fault import where
from salience.data.kind import kind_of, numbers_of

# Kinds of columns that are features unless others are named, and different texts of one that are.
READ = ("numeric", "boolean", "categorical")
_MOST_CATEGORIES = 64


@dataclass(frozen=True)
class Feature:
    """A column that is read: as a number, or as one 0 or 1 for each of its `values`."""

    column: str
    values: tuple[str, ...] | None = None
    #: Whether an indicator stands beside the number and says that it is missing.
    gaps: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers."""
        if self.values is not None:
            return tuple(f"{self.column} is {value}" for value in self.values)
        return (self.column, f"{self.column} is missing") if self.gaps else (self.column,)


@dataclass(frozen=True)
class Columns:
    """What is read of the nodes and of the edges of a graph, and the kinds that its edges may be of."""

    nodes: tuple[Feature, ...] = ()
    edges: tuple[Feature, ...] = ()
    kinds: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        features = {name: [asdict(each) for each in getattr(self, name)] for name in ("nodes", "edges")}
        return {**features, "kinds": list(self.kinds)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Columns:
        """The inverse of `to_json`."""
        return cls(_features(state["nodes"]), _features(state["edges"]), tuple(state["kinds"]))


def learn(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Feature, ...]:
    """How these columns are to be read, as their values ask for.

    Raises:
        DataError: a column is missing.
    """
    return tuple(_learned(table.column(frame, name)) for name in columns)


def usual(frame: pd.DataFrame, aside: Collection[str]) -> list[str]:
    """The columns that are read where none are named: numbers, yes or no, and texts of few different ones."""
    return [str(name) for name in frame.columns if name not in aside and kind_of(frame[name]).name in READ]


def read(frame: pd.DataFrame, features: Sequence[Feature]) -> Float[np.ndarray, "N F"]:
    """The features of every row. A text that was not among the values is none of them.

    Raises:
        DataError: a column is missing, a cell is no number, or a number is missing where none was before.
    """
    parts = [_read(table.column(frame, each.column), each, table.source_of(frame)) for each in features]
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(frame), 0))


def names_of(features: Sequence[Feature]) -> tuple[str, ...]:
    """The names of all numbers of some features."""
    return tuple(name for each in features for name in each.names)


def kinds(
    frame: pd.DataFrame, column: str, known: Sequence[str] | None = None
) -> tuple[Int[np.ndarray, "N"], tuple[str, ...]]:
    """The number of the kind that each row is of, and the names of all kinds.

    Raises:
        DataError: the column is missing, or a row is of a kind that is not among those that are `known`.
    """
    cells = table.column(frame, column).astype(str)
    names = tuple(sorted(cells.unique())) if known is None else tuple(known)
    place = {name: number for number, name in enumerate(names)}
    for row, cell in cells.items():
        if cell not in place:
            raise DataError(
                f"the edge is of the kind {cell!r}; in training they were of {', '.join(names)}",
                where=where(table.source_of(frame), row=row, column=column),
                fix=did_you_mean(cell, names),
            )
    return np.array([place[each] for each in cells], dtype=np.int64), names


def _learned(cells: pd.Series) -> Feature:
    kind, numbers = kind_of(cells).name, _numbers(cells)
    # A column of numbers that was named is one, even if they happen to count upwards or to be all the same.
    if kind == "numeric" or (kind in ("id", "constant") and np.isfinite(numbers[cells.notna()]).all()):
        return Feature(str(cells.name), gaps=bool(np.isnan(numbers).any()))
    values = sorted(cells.dropna().astype(str).unique())[:_MOST_CATEGORIES]
    return Feature(str(cells.name), tuple(values))


def _read(cells: pd.Series, feature: Feature, source: str) -> Float[np.ndarray, "N F"]:
    if feature.values is not None:
        texts = cells.astype(str)
        given = cells.notna().to_numpy()
        parts = [(texts == value).to_numpy() & given for value in feature.values]
        return np.stack(parts, axis=1).astype(np.float64) if parts else np.zeros((len(cells), 0))
    values = _numbers(cells)
    missing = np.isnan(values)
    if feature.gaps:
        return np.stack([np.where(missing, 0.0, values), missing.astype(np.float64)], axis=1)
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise DataError(
            f"expected a number, got {cells.iloc[row]!r}, and in training none was missing",
            where=where(source, row=cells.index[row], column=feature.column),
            fix="fill it in, or take the row out",
        )
    return values[:, None]


def _numbers(cells: pd.Series) -> Float[np.ndarray, "N"]:
    return numbers_of(str(cell) for cell in cells)


def _features(states: Sequence[Mapping[str, Any]]) -> tuple[Feature, ...]:
    return tuple(
        Feature(each["column"], None if each["values"] is None else tuple(each["values"]), each["gaps"])
        for each in states
    )
