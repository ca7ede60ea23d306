"""What an importance method is: it gives every unit of every row one number.

Legend: U units of one column.
"""

from __future__ import annotations

import gc
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from jaxtyping import Float

from salience.core.place import Heat
from salience.evaluation.removal import Row
from salience.pipeline import Pipeline

#: For each column of one row, one number per unit.
Scores = dict[str, Float[np.ndarray, "U"]]


class Importance(ABC):
    """A way to say which units of a row mattered: `Received()(pipeline, rows)`.

    What is explained is `task.focus` of the model's own prediction. Positions that belong to no unit (padding, special
    tokens) get no heat. Nothing about the pipeline is changed: mode and gradients are as they were before.
    """

    @abstractmethod
    def scores(self, pipeline: Pipeline, rows: Sequence[Row]) -> list[Scores]:
        """The numbers alone, for rows that `pipeline.encode` has read, in their order."""

    def __call__(self, pipeline: Pipeline, rows: Iterable[Any]) -> list[list[Heat]]:
        """The units of each row, each with its number, column after column."""
        encoded = pipeline.encode(rows)
        scores = self.scores(pipeline, encoded)
        with _collector_paused():
            return [_heats(pipeline, row, each) for row, each in zip(encoded, scores, strict=True)]

    @property
    def name(self) -> str:
        """The name of the method in configs and reports: `leave_one_out` for `LeaveOneOut`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()


def _heats(pipeline: Pipeline, row: Row, scores: Scores) -> list[Heat]:
    return [
        Heat(unit, score)
        for column, example in row.items()
        for unit, score in zip(pipeline.modalities[column].units(example, column), scores[column].tolist(), strict=True)
    ]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection inside the block.

    Three small records per unit set it off again and again; looking through everything in memory, it would find nothing
    and take twice as long as making them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
