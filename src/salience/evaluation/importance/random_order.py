"""Random numbers as importance: what every method has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row
from salience.pipeline import Pipeline


@dataclass(frozen=True)
class RandomOrder(Importance):
    """Independent uniform numbers between 0 and 1; equal seeds give equal numbers. Cost: nothing.

    Args:
        seed: what the numbers follow from.
    """

    signed = False
    seed: int = 0

    def scores(
        self,
        pipeline: Pipeline,  # noqa: ARG002
        rows: Sequence[Row],
        choice: Tensor | None = None,  # noqa: ARG002
    ) -> list[Scores]:
        generator = np.random.default_rng(self.seed)
        return [{column: generator.random(len(each.places)) for column, each in row.items()} for row in rows]
