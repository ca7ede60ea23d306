"""Rows without some of their units, and the model's answers to very many of them in bounded memory.

Legend: N rows, C outputs, U units of a row over all its columns, numbered column after column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Example
from salience.pipeline import Pipeline

Row = Mapping[str, Example]

# Positions of the rows that are held at once, and of one batch: short rows go in large batches, long ones in small.
HELD = 2**19
IN_BATCH = 2**14


def num_units(row: Row) -> int:
    """The units of all columns of a row."""
    return sum(len(example.places) for example in row.values())


def together(scores: Mapping[str, np.ndarray]) -> Float[np.ndarray, "U"]:
    """Numbers per column as one array, column after column."""
    return np.concatenate(list(scores.values()))


def by_column(row: Row, values: np.ndarray) -> dict[str, np.ndarray]:
    """The inverse of `together`."""
    ends = np.cumsum([len(example.places) for example in row.values()])
    return dict(zip(row, np.split(values, ends[:-1]), strict=True))


def without(pipeline: Pipeline, row: Row, removed: Int[np.ndarray, "R"]) -> Row:
    """A row without the units of these numbers."""
    return pipeline.without(row, _named(row, removed))


def blanked(pipeline: Pipeline, row: Row, removed: Int[np.ndarray, "R"]) -> Row:
    """A row with the units of these numbers blanked where they stand.

    Raises:
        NotAvailable: a kind of data of the pipeline cannot blank.
    """
    return pipeline.blank(row, _named(row, removed))


def _named(row: Row, removed: Int[np.ndarray, "R"]) -> dict[str, list[int]]:
    """The same units per column."""
    if len(row) == 1:
        return {column: removed.tolist() for column in row}
    gone = np.zeros(num_units(row), dtype=bool)
    gone[removed] = True
    return {column: each.nonzero()[0].tolist() for column, each in by_column(row, gone).items()}


def answers(pipeline: Pipeline, rows: Iterable[Row]) -> Float[Tensor, "N C"]:
    """The model's raw numbers for any number of rows; at most about half a million positions are held at once."""
    parts = []
    for held in _held(rows):
        parts.append(pipeline.raw(held, size=batch_size(held, most=256)))
    return torch.cat(parts) if parts else torch.empty(0, 0)


def batch_size(rows: Sequence[Row], *, most: int) -> int:
    """How many of these rows make a batch: so many that the longest together have about 16,000 positions."""
    longest = max((_length(row) for row in rows), default=0)
    return int(np.clip(IN_BATCH // max(1, longest), 8, most))


def _held(rows: Iterable[Row]) -> Iterator[list[Row]]:
    held: list[Row] = []
    positions = 0
    for row in rows:
        held.append(row)
        positions += 1 + _length(row)
        if positions >= HELD:
            yield held
            held, positions = [], 0
    if held:
        yield held


def _length(row: Row) -> int:
    return max(len(example) for example in row.values())
