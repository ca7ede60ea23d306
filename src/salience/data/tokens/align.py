"""From the pieces of any sub-word tokenizer to the words they belong to.

Legend: S pieces, W words, U units.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salience.data.tokens.pattern import word


def align(text: str, offsets: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Units and the unit of each piece, from the stretch of `text` that each piece came from.

    A unit is a word (`pattern.word`), or several neighbouring words if one piece reaches over them, as a piece of two
    ideographs does. A word that no piece touches is no unit; a piece that touches no word (white space, a special
    token) has owner -1.

    >>> places, owner = align("今天 good", [(0, 0), (0, 2), (3, 5), (5, 7)])
    >>> places.tolist(), owner.tolist()
    ([[0, 2], [3, 7]], [-1, 0, 1, 1])

    Returns:
        places [U, 2] and owner [S], both int32.
    """
    words = np.array([found.span() for found in word().finditer(text)], dtype=np.int32).reshape(-1, 2)
    spans = np.array(offsets, dtype=np.int32).reshape(-1, 2)
    first = np.searchsorted(words[:, 1], spans[:, 0], side="right")
    last = np.searchsorted(words[:, 0], spans[:, 1], side="left") - 1
    touches = (first <= last) & (spans[:, 0] < spans[:, 1])

    begins = ~_between(first[touches] + 1, last[touches], len(words))
    unit = np.cumsum(begins) - 1  # [W]
    kept = np.unique(unit[_between(first[touches], last[touches], len(words))])  # [U]
    starts = np.flatnonzero(begins)
    stops = np.append(starts[1:], len(words)) - 1
    places = np.stack([words[starts[kept], 0], words[stops[kept], 1]], axis=1)
    owner = np.full(len(spans), -1, dtype=np.int32)
    owner[touches] = np.searchsorted(kept, unit[first[touches]])
    return places, owner


def _between(first: np.ndarray, last: np.ndarray, size: int) -> np.ndarray:
    """True at every index that lies in one of the ranges `first` to `last`, both included."""
    change = np.zeros(size + 1, dtype=np.int32)
    real = first <= last
    np.add.at(change, first[real], 1)
    np.add.at(change, last[real] + 1, -1)
    return np.cumsum(change[:-1]) > 0
