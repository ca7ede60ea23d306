"""Attention itself as importance: the share of its attention that a model paid to each unit.

Legend: B examples, S positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from salience.core.record import Attention
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row
from salience.models.flow import position_weights
from salience.pipeline import Pipeline

Flow = Callable[[Sequence[Attention]], Float[Tensor, "B S"]]


@dataclass(frozen=True)
class Received(Importance):
    """What each unit received from the pool, through groups where the model has them (`models.flow.position_weights`).

    The scores of a row sum to one over all its columns, and every column that has units to the same share: attention
    is paid within a column, so it cannot say which column mattered more. Attention on positions that belong to no unit
    is left out before.

    Cost: one prediction. Works badly when positions mix much before the pool looks: see `Rollout`.
    """

    def scores(self, pipeline: Pipeline, rows: Sequence[Row]) -> list[Scores]:
        return attention_shares(pipeline, rows, position_weights)


def attention_shares(pipeline: Pipeline, rows: Sequence[Row], flow: Flow) -> list[Scores]:
    """What a function of the records gives each position, as shares of the units of each row."""
    found: list[Scores] = [{}] * len(rows)
    for index, _, output in pipeline.outputs(rows):
        weights = {column: flow(records).double().numpy(force=True) for column, records in output.records.items()}
        for place, i in enumerate(index):
            found[i] = _shares(pipeline, rows[i], {column: each[place] for column, each in weights.items()})
    return found


def _shares(pipeline: Pipeline, row: Row, weights: Mapping[str, Float[np.ndarray, "S"]]) -> Scores:
    merged = {column: pipeline.merge(example, weights[column]) for column, example in row.items()}
    totals = {column: float(each.sum()) for column, each in merged.items()}
    paid = sum(total > 0 for total in totals.values())
    return {column: each / (totals[column] * paid) if totals[column] > 0 else each for column, each in merged.items()}
