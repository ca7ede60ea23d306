"""What someone would mark who has not read the row, and only knows where in a row people usually mark.

Legend: N rows, A annotators of a row, L units of a row, C equal stretches of a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from salience.core.errors import DataError

# Equal stretches from the first to the last unit of a row, whatever its length.
STRETCHES = 20


def position_prior(marks: Sequence[Bool[np.ndarray, "A L"]]) -> list[Float[np.ndarray, "L"]]:
    """For each row, how often units at this relative position are marked in all the other rows.

    Rows of different lengths are brought to 20 equal stretches; a row's own marks are left out of its prior.

    Args:
        marks: per row, one row of marks per annotator.

    Raises:
        DataError: there are fewer than two rows with units.

    >>> always_first = np.array([[True, False]])
    >>> [each.tolist() for each in position_prior([always_first, always_first])]
    [[1.0, 0.0], [1.0, 0.0]]
    """
    lengths = [each.shape[1] for each in marks]
    profiles = {n: resampled(each.mean(0), STRETCHES) for n, each in enumerate(marks) if lengths[n]}
    if len(profiles) < 2:
        raise DataError(f"a position prior comes from other rows, and needs two with units; got {len(profiles)}")
    total = np.sum(list(profiles.values()), axis=0)
    others = len(profiles) - 1
    return [
        resampled((total - profiles[n]) / others, length) if length else np.zeros(0) for n, length in enumerate(lengths)
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
