"""Rows on three sides: those a model learns from, those that choose the best epoch, and those that judge it.

Legend: N rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from salience.core.errors import DataError
from salience.data.infer import Inference, parse_targets
from salience.data.splitters import SIDES, ByColumn, ByGroup, ByHash, Splitter, Stratified, side_of
from salience.data.table import source_of
from salience.data.target import lists_of

_SPLIT_COLUMNS = ("split", "fold")


@dataclass(frozen=True, eq=False)
class Split:
    """Three sets of rows, as positions in the frame, ascending; together they are all rows."""

    train: Int[np.ndarray, "_"]
    validation: Int[np.ndarray, "_"]
    test: Int[np.ndarray, "_"]
    how: str
    """How the rows were divided, in one sentence."""


def split(frame: pd.DataFrame, inference: Inference, *, by: Splitter | None = None) -> Split:
    """Divide the rows of a frame, by default as `default_split` chooses.

    Raises:
        DataError: a side is empty, a row has no target, a class does not occur in train, or a list is divided.
    """
    by = by or default_split(frame, inference)
    sides, how = by.sides(frame, inference)
    train, validation, test = (np.flatnonzero(sides == number) for number in range(3))
    made = Split(train, validation, test, how)
    for name, rows in zip(SIDES, (train, validation, test), strict=True):
        if not len(rows):
            raise DataError(
                f"the {name} side is empty: {how}",
                where=f"{source_of(frame)}, {len(frame):,} rows",
                fix="give more rows or other fractions, or divide by Stratified",
            )
    if inference.lists is not None:
        check_lists(parse_targets(frame, inference), sides, source_of(frame))
    elif inference.task != "Regression":
        _check_classes(parse_targets(frame, inference), made, source_of(frame))
    return made


def default_split(frame: pd.DataFrame, inference: Inference, *, seed: int = 0) -> Splitter:
    """The usual way to divide such rows: by a column named split or fold; else whole lists or numbers by hash, classes
    stratified.
    """
    for name in frame.columns:
        if name.lower() in _SPLIT_COLUMNS and name not in (inference.target, *inference.inputs):
            named = {side_of(cell) for cell in frame[name]}
            if {0, 2} <= named and None not in named:
                return ByColumn(name)
    if inference.lists is not None:
        return ByGroup(inference.lists)
    return ByHash() if inference.task == "Regression" else Stratified(seed=seed)


def check_lists(targets: Sequence[Any], sides: Int[np.ndarray, "N"], source: str) -> None:
    """If targets are those of lists, each list must lie on one side, because its rows are judged together.

    Raises:
        DataError: rows of one list are on two sides.
    """
    first: dict[str, int] = {}
    for name, side in zip(lists_of(targets) or (), sides.tolist(), strict=False):
        if side < len(SIDES) and first.setdefault(name, side) != side:
            raise DataError(
                f"the list '{name}' has rows on the {SIDES[first[name]]} side and on the {SIDES[side]} side",
                where=source,
                fix="divide by ByGroup with the column of the lists, or by time",
            )


def _check_classes(targets: Sequence[Any], made: Split, source: str) -> None:
    def labels(rows: np.ndarray) -> set[str]:
        found = (targets[row] for row in rows)
        return {label for each in found for label in ([each] if isinstance(each, str) else each)}

    absent = (labels(made.validation) | labels(made.test)) - labels(made.train)
    if absent:
        listing = ", ".join(f"'{label}'" for label in sorted(absent)[:10])
        raise DataError(
            f"{len(absent)} of the classes do not occur in train: {listing}",
            where=source,
            fix="divide by Stratified, or leave out the rows of classes that are too rare",
        )
