"""What someone would mark who has not read the row, and only knows where in a row people usually mark.

Legend: N rows, L units of a row, C equal stretches of a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from salience.core.errors import DataError
from salience.evaluation.plausibility.marks import Row

# Equal stretches from the first to the last unit of a row, whatever its length.
STRETCHES = 20


def position_prior(rows: Sequence[Row]) -> list[Float[np.ndarray, "L"]]:
    """For each row, how often units at this relative position are marked in all the other rows.

    Rows of different lengths are brought to 20 equal stretches; a row's own marks are left out of its prior.

    Raises:
        DataError: there are fewer than two rows with units.
    """
    profiles = {n: resampled(row.marks.mean(0), STRETCHES) for n, row in enumerate(rows) if len(row.importance)}
    if len(profiles) < 2:
        raise DataError(f"a position prior comes from other rows, and needs two with units; got {len(profiles)}")
    total = np.sum(list(profiles.values()), axis=0)
    others = len(profiles) - 1
    return [
        resampled((total - profiles[n]) / others, len(row.importance)) if n in profiles else np.zeros(0)
        for n, row in enumerate(rows)
    ]


def resampled(values: Float[np.ndarray, "L"], count: int) -> Float[np.ndarray, "C"]:
    """The mean of the values in each of `count` equal stretches, units that lie across a border counting in part.

    >>> resampled(np.array([1.0, 0.0, 0.0]), 2).round(3).tolist()
    [0.667, 0.0]
    """
    length = len(values)
    below = np.concatenate([[0.0], np.cumsum(values)])
    borders = np.interp(np.linspace(0, length, count + 1), np.arange(length + 1), below)
    return np.diff(borders) * count / length
