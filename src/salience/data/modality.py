"""What a kind of data must be able to do: from a raw cell to what a model reads, and back to the user's units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from torch import nn

from salience.core.batch import Example, Stream
from salience.core.place import Unit


class Modality(Protocol):
    """One kind of data. One file in `salience.data.modalities`, one export line, one row in the contract tests."""

    #: The optional fields of `Layout` that every batch of it has: some attention mechanisms need them.
    gives: ClassVar[frozenset[str]]

    def fit(self, cells: Sequence[Any]) -> Self:
        """Learn the vocabulary or statistics. Give it training cells only."""

    def encode(self, cell: Any) -> Example:
        """What a model reads of one cell. A missing cell gives an example without units, never an error."""

    def collate(self, examples: Sequence[Example]) -> Stream:
        """Put examples together, padded on the right to the longest."""

    def stem(self, width: int) -> nn.Module:
        """A new module from a Stream to numbers, [B, S, width]."""

    def units(self, example: Example, column: str) -> list[Unit]:
        """The parts of the cell that importance is told for: one for each row of `example.places`, in order."""

    def without(self, example: Example, removed: Collection[int]) -> Example:
        """The same example without some of its units (indices into `units`), everything else as it was read."""

    def state(self) -> dict[str, Any]:
        """Everything that was fitted, ready for JSON."""

    def restore(self, state: dict[str, Any]) -> Self:
        """The inverse of `state`, on an object made with the same options."""


class Reading(Protocol):
    """What a modality may say besides: that its cell is a mapping of several columns of a row.

    A modality without `reads` reads the one column that it is named after. What cannot be encoded is told by a
    `DataError` whose `where` is the name of the column.
    """

    #: The columns, as the user named them, in the order of the cell.
    reads: tuple[str, ...]


def columns_of(name: str, modality: Modality) -> tuple[str, ...]:
    """The columns of a row that the input of this name reads."""
    return tuple(getattr(modality, "reads", None) or (name,))


class Blanking(Protocol):
    """What a modality may do besides: hide units where they stand, a second way to take them away.

    A measurement that both ways agree on does not depend on how units are taken away.
    """

    def blank(self, example: Example, hidden: Collection[int]) -> Example:
        """The same example, with nothing known of these units but that they are there."""


class Uniting(Protocol):
    """What a modality may do besides: read what rows have in common once, as nodes of one graph have neighbours."""

    def unite(
        self, examples: Sequence[Example], *, drop: float = 0.0, chance: np.random.Generator | None = None
    ) -> Stream | None:
        """All examples as a single one that is asked for each of them, in their order; None where that cannot be.

        A model gives the same answers as to the examples one by one. In training `drop` is the share of units left
        out, and `chance` draws them.
        """
