"""FILL IN: one sentence that says what this kind of data is, and what its units are.

How to use this template
    1. Copy it to `src/salience/data/modalities/`, under the name of your modality in lower case.
    2. Replace whatever says FILL IN, and delete this explanation.
    3. Export the class: one import and one name in `__all__`, in `src/salience/data/modalities/__init__.py`. From then
       on a config finds it by its name: `inputs: {column: FillIn}`.
    4. Give it a row in `tests/data/modalities/cases.py` (cells for training, cells, missing cells, cells of a wrong
       type) and run `pytest tests/data/modalities`. The tests check the whole contract of a modality.
    5. A unit that is not a span of characters needs a place of its own in `salience.core.place`, and somebody who draws
       it in `salience.reports.render`.

What you must give
    gives       which optional fields of `Layout` every batch has (`groups`, `grid`, `edges`, `times`), if any
    _cut        which units a cell has, and where each one stands in it
    stem        from what `collate` makes of examples to vectors

What you may leave as it is
    Here every unit has one position and is known by its key, a text. Rare keys share the id 1, padding has the id 0. If
    several positions belong to one unit, as pieces of a word do, see `text.py`.

What others rely on
    A missing cell gives one position that belongs to no unit, so that a model can still answer. `without` removes units
    and reads nothing again: what is left keeps its values. Padding is on the right and changes nothing. `state` holds
    all that was fitted, as plain JSON values; `restore` is its inverse on an object made with the same options.

Legend: B examples, S positions, U units.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Example, Layout, Stream
from salience.core.errors import DataError, NotAvailable
from salience.core.place import Span, Unit

PADDING, UNKNOWN, FIRST = 0, 1, 2


class FillIn:
    """FILL IN: the kind of data, and its units.

    Args:
        min_count: a key seen less often in the training cells is unknown.

    FILL IN: an example:

    >>> FILL_IN
    """

    gives: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, *, min_count: int = 1) -> None:
        self.min_count = min_count
        self._ids: dict[str, int] | None = None

    def fit(self, cells: Sequence[Any]) -> Self:
        """Learn the keys of the training cells.

        Raises:
            DataError: a cell of another type.
        """
        counts = Counter(key for n, cell in enumerate(cells) for key, _ in _cut(_read(cell, f"cell {n} of the column")))
        known = sorted(key for key, count in counts.items() if count >= self.min_count)
        self._ids = {key: number for number, key in enumerate(known, start=FIRST)}
        return self

    def encode(self, cell: Any) -> Example:
        text = _read(cell, "a column of FILL IN")
        ids = self._known()
        units = _cut(text)
        if not units:
            return _nothing(text)
        return Example(
            cell=text,
            values=np.array([ids.get(key, UNKNOWN) for key, _ in units], dtype=np.int64),
            places=np.array([(place.start, place.stop) for _, place in units], dtype=np.int32),
            owner=np.arange(len(units), dtype=np.int32),
            groups=np.zeros(len(units), dtype=np.int32),
        )

    def collate(self, examples: Sequence[Example]) -> Stream:
        lengths = [len(example) for example in examples]
        values = np.full((len(examples), max(lengths, default=0)), PADDING, dtype=np.int64)
        groups = np.full_like(values, -1)
        for row, example in enumerate(examples):
            values[row, : len(example)] = example.values
            groups[row, : len(example)] = 0
        layout = Layout(torch.tensor(lengths, dtype=torch.int64), values.shape[1], torch.from_numpy(groups))
        return Stream(torch.from_numpy(values), layout)

    def stem(self, width: int) -> nn.Module:
        return _Stem(FIRST + len(self._known()), width)

    def units(self, example: Example, column: str) -> list[Unit]:
        text = str(example.cell)
        return [Unit(column, text[start:stop], Span(start, stop)) for start, stop in example.places.tolist()]

    def without(self, example: Example, removed: Collection[int]) -> Example:
        """The same example without these units.

        Raises:
            DataError: an index that is no unit of this example.
        """
        count = len(example.places)
        wrong = [each for each in removed if not 0 <= each < count]
        if wrong:
            raise DataError(f"expected units from 0 to {count - 1}, got {min(wrong)} to {max(wrong)}")
        left = [unit for unit in range(count) if unit not in removed]
        if not left:
            return _nothing(example.cell)
        zeros = np.zeros(len(left), dtype=np.int32)
        owner = np.arange(len(left), dtype=np.int32)
        return Example(example.cell, example.values[left], example.places[left], owner, zeros)

    def blank(self, example: Example, hidden: Collection[int]) -> Example:
        """The same example with these units as unknown keys: a second way to take them away. It may be left out."""
        values = example.values.copy()
        values[list(hidden)] = UNKNOWN
        return replace(example, values=values)

    def state(self) -> dict[str, Any]:
        return {"keys": list(self._known())}

    def restore(self, state: dict[str, Any]) -> Self:
        self._ids = {key: number for number, key in enumerate(state["keys"], start=FIRST)}
        return self

    def _known(self) -> dict[str, int]:
        if self._ids is None:
            raise NotAvailable("this column has not been fitted", fix="call fit(cells), or restore(state)")
        return self._ids


class _Stem(nn.Module):
    """FILL IN: how a unit becomes a vector."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.FILL_IN = nn.Embedding(size, width, padding_idx=PADDING)

    def forward(self, stream: Stream) -> Float[Tensor, "B S D"]:
        return self.FILL_IN(stream.values)


def _cut(text: str) -> list[tuple[str, Span]]:
    """The units of a cell in order, none overlapping: the key of each, and the characters where it stands."""
    return FILL_IN(text)


def _read(cell: Any, where: str) -> str:
    """The cell as text; nothing at all where it is missing."""
    if isinstance(cell, str):
        return cell
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    raise DataError(f"expected text, got {type(cell).__name__} ({cell!r:.40})", where=where, fix="convert the column")


def _nothing(cell: object) -> Example:
    """An example without units: one position that is unknown and belongs to none."""
    value, owner = np.array([UNKNOWN], dtype=np.int64), np.array([-1], dtype=np.int32)
    return Example(cell, value, np.empty((0, 2), dtype=np.int32), owner, np.zeros(1, dtype=np.int32))
