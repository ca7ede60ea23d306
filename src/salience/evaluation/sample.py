"""A random sample of rows that are long enough to be shortened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from salience.core.errors import DataError
from salience.core.seed import derive
from salience.evaluation.removal import Row, num_units
from salience.pipeline import Pipeline

#: With fewer units, removing one, a tenth or half of them is nearly the same.
FEWEST_UNITS = 4
# Rows that are encoded at once while the sample fills.
BLOCK = 256


@dataclass(frozen=True)
class Sample:
    """Encoded rows, where each stood among all rows, and how many were passed over for having too few units."""

    rows: list[Row]
    index: list[int]
    num_short: int


def draw(pipeline: Pipeline, rows: Sequence[Any], *, count: int, seed: int) -> Sample:
    """At most `count` rows with four units or more, in random order. Equal seeds draw equal rows.

    Raises:
        DataError: there is no such row.
    """
    found: list[Row] = []
    index: list[int] = []
    num_short = 0
    for i, row in _shuffled(pipeline, rows, seed):
        if len(found) == count:
            break
        if num_units(row) < FEWEST_UNITS:
            num_short += 1
        else:
            found.append(row)
            index.append(i)
    if not found:
        raise DataError(
            f"expected a row with at least {FEWEST_UNITS} units, got {len(rows):,} rows with fewer",
            fix="give longer rows: taking parts of such short ones away shows nothing",
        )
    return Sample(found, index, num_short)


def chosen(sample: Sample, values: Sequence[Any] | None, count: int, name: str) -> list[Any] | None:
    """What belongs to the sampled rows, of something that was given for each of `count` rows.

    Raises:
        DataError: there is not one value per row.
    """
    if values is None:
        return None
    if len(values) != count:
        raise DataError(f"expected one {name} per row, {count:,}, got {len(values):,}")
    given = list(values)
    return [given[i] for i in sample.index]


def _shuffled(pipeline: Pipeline, rows: Sequence[Any], seed: int) -> Iterator[tuple[int, Row]]:
    order = np.random.default_rng(derive(seed, "rows")).permutation(len(rows)).tolist()
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        yield from zip(block, pipeline.encode([rows[i] for i in block]), strict=True)
