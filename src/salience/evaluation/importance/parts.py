"""The parts of a row that are taken away as one: its units, or runs of neighbours where there are too many.

Legend: U units of a row, numbered column after column; R parts; n units of one part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from salience.evaluation.removal import Row, num_units


def parts_of(row: Row, most: int | None) -> list[Int[np.ndarray, "n"]]:
    """The units of each part: at most `most` parts of about the same size. None means one unit each."""
    count = num_units(row)
    parts = count if most is None else min(count, most)
    return np.array_split(np.arange(count), parts) if parts else []


def spread(values: Float[np.ndarray, "R"], parts: Sequence[Int[np.ndarray, "n"]]) -> Float[np.ndarray, "U"]:
    """The value of each part, shared equally among its units.

    >>> spread(np.array([1.0, 4.0]), [np.array([0]), np.array([1, 2])]).tolist()
    [1.0, 2.0, 2.0]
    """
    sizes = np.array([len(part) for part in parts], dtype=int)
    return np.repeat(values / sizes, sizes)


def summed(values: Float[np.ndarray, "U"], parts: Sequence[Int[np.ndarray, "n"]]) -> Float[np.ndarray, "R"]:
    """The sum over the units of each part."""
    return np.array([values[part].sum() for part in parts])
