"""One row as two models divide it: on their common units, or, where these differ, on the characters of the row.

Legend: U units of one model, P pieces of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from salience.core.errors import NotAvailable
from salience.core.place import Heat, Span


@dataclass(frozen=True)
class View:
    """What one model finds important in a row, and which of its units covers each piece; -1: none of them."""

    scores: Float[np.ndarray, "U"]
    owner: Int[np.ndarray, "P"]

    def spread(self) -> Float[np.ndarray, "P"]:
        """The score of each piece: every unit gives its score to its pieces in equal parts, so that sums stay.

        >>> View(np.array([0.6, 0.4]), np.array([0, 0, -1, 1])).spread().tolist()
        [0.3, 0.3, 0.0, 0.4]
        """
        sizes = np.bincount(self.owner[self.owner >= 0], minlength=len(self.scores))
        return self._on_pieces(self.scores / np.maximum(sizes, 1))

    def top(self, k: int) -> Float[np.ndarray, "P"]:
        """How far each piece belongs to the k strongest units, whatever their signs: 1 inside, 0 outside.

        Units of equal strength share the places that are left for them.

        >>> View(np.array([0.6, -0.2, 0.2]), np.arange(3)).top(2).tolist()
        [1.0, 0.5, 0.5]
        """
        strength = np.abs(self.scores)
        last = np.sort(strength)[-k]
        above, equal = strength > last, strength == last
        return self._on_pieces(above + equal * ((k - above.sum()) / equal.sum()))

    def _on_pieces(self, values: Float[np.ndarray, "U"]) -> Float[np.ndarray, "P"]:
        return np.where(self.owner >= 0, values[self.owner], 0.0)


def same_units(first: Sequence[Heat], second: Sequence[Heat]) -> bool:
    """Whether two models divide a row alike."""
    return [(each.unit.column, each.unit.place) for each in first] == [
        (each.unit.column, each.unit.place) for each in second
    ]


def on_units(heats: Sequence[Heat]) -> View:
    """The view in which every unit is a piece."""
    return View(_scores(heats), np.arange(len(heats)))


def on_characters(first: Sequence[Heat], second: Sequence[Heat]) -> tuple[View, View]:
    """Both views on the characters that a unit of either model covers.

    Raises:
        NotAvailable: a unit is no stretch of a text, so that units cannot be cut into common pieces.
    """
    ends: dict[str, int] = {}
    for heat in (*first, *second):
        ends[heat.unit.column] = max(ends.get(heat.unit.column, 0), _span(heat).stop)
    starts = dict(zip(ends, np.cumsum([0, *ends.values()]).tolist(), strict=False))
    one, other = (_owner(heats, starts, sum(ends.values())) for heats in (first, second))
    covered = (one >= 0) | (other >= 0)
    return View(_scores(first), one[covered]), View(_scores(second), other[covered])


def _owner(heats: Sequence[Heat], starts: dict[str, int], size: int) -> Int[np.ndarray, "P"]:
    owner = np.full(size, -1)
    for number, heat in enumerate(heats):
        place, start = _span(heat), starts[heat.unit.column]
        owner[start + place.start : start + place.stop] = number
    return owner


def _scores(heats: Sequence[Heat]) -> Float[np.ndarray, "U"]:
    return np.array([each.score for each in heats], dtype=float)


def _span(heat: Heat) -> Span:
    if not isinstance(heat.unit.place, Span):
        raise NotAvailable(
            f"the two models divide a row into different units, and '{heat.unit.text}' has no characters that could be "
            "compared, so that there is nothing finer to compare them on",
            where=f"the column '{heat.unit.column}'",
            fix="compare models that read the column in the same way",
        )
    return heat.unit.place
