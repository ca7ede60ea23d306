"""What an importance method is: it gives every unit of every row one number.

Legend: U units of one column.
"""

from __future__ import annotations

import gc
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from salience.core.place import Heat, Unit
from salience.evaluation.importance.over_seeds import Spread, over_seeds
from salience.evaluation.removal import Row
from salience.pipeline import Pipeline

#: For each column of one row, one number per unit.
Scores = dict[str, Float[np.ndarray, "U"]]


class Importance(ABC):
    """A way to say which units of a row mattered: `Received()(pipeline, rows)`.

    What is explained is `task.focus` of the model's own prediction. Positions that belong to no unit (padding, special
    tokens) get no heat. Nothing about the pipeline is changed: mode and gradients are as they were before.
    """

    #: Whether numbers speak for the prediction or against it. Otherwise they lie between 0 and 1, like shares.
    signed: ClassVar[bool] = True

    @abstractmethod
    def scores(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None) -> list[Scores]:
        """The numbers alone, for rows that `pipeline.encode` has read, in their order.

        `choice` is what to explain of each row, as `task.choose` gives it; by default what the model predicts.
        """

    def __call__(self, pipeline: Pipeline, rows: Iterable[Any]) -> list[list[Heat]]:
        """The units of each row, each with its number, column after column.

        Of an ensemble, the mean over its members, each of which explains what they predict together, and its interval.
        """
        return self.heats(pipeline, pipeline.encode(rows))

    def heats(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None) -> list[list[Heat]]:
        """The same for rows that `pipeline.encode` has read, and for a choice as in `scores`."""
        if pipeline.members:
            return self._together(pipeline, rows, choice)
        scores = self.scores(pipeline, rows, choice)
        with _collector_paused():
            return [_heats(pipeline, row, each) for row, each in zip(rows, scores, strict=True)]

    def of_members(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None) -> list[list[Scores]]:
        """The numbers by each member of an ensemble in turn, all of the same choice and in the same unit."""
        if choice is None and rows:
            choice = pipeline.task.choose(pipeline.raw(rows))
        return [self.scores(_on_the_scale_of(pipeline, each), rows, choice) for each in pipeline.members]

    def _together(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None) -> list[list[Heat]]:
        every = self.of_members(pipeline, rows, choice)
        with _collector_paused():
            return [
                _spread_heats(pipeline, row, over_seeds([each[i] for each in every], signed=self.signed))
                for i, row in enumerate(rows)
            ]

    @property
    def name(self) -> str:
        """The name of the method in configs and reports: `leave_one_out` for `LeaveOneOut`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()


def _heats(pipeline: Pipeline, row: Row, scores: Scores) -> list[Heat]:
    return [
        Heat(unit, score)
        for column, units in _units(pipeline, row)
        for unit, score in zip(units, scores[column].tolist(), strict=True)
    ]


def _spread_heats(pipeline: Pipeline, row: Row, found: dict[str, Spread]) -> list[Heat]:
    return [
        Heat(unit, *numbers)
        for column, units in _units(pipeline, row)
        for unit, *numbers in zip(units, *found[column].columns(), strict=True)
    ]


def _units(pipeline: Pipeline, row: Row) -> Iterator[tuple[str, list[Unit]]]:
    for column, example in row.items():
        yield column, pipeline.modalities[column].units(example, column)


def _on_the_scale_of(pipeline: Pipeline, member: Pipeline) -> Pipeline:
    """A member whose log-odds are calibrated like those of the ensemble, so that they can be averaged."""
    made = copy(member)
    made.task = pipeline.task
    return made


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
