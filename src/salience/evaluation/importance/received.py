"""Attention itself as importance: the share of its attention that a model paid to each unit.

Legend: B examples, S positions, U units of one column.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from salience.core.record import Attention
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row
from salience.models.flow import position_weights
from salience.models.model import Output
from salience.pipeline import Pipeline


class AttentionShares(Importance):
    """What a function of the records gives each position, as shares of the units of each row.

    The scores of a row sum to one over all its columns, and every column that has units to the same share: attention
    is paid within a column, so it cannot say which column mattered more. Attention on positions that belong to no unit
    is left out before. The shares of an ensemble are the mean of those of its members.
    """

    signed = False

    @abstractmethod
    def flow(self, records: Sequence[Attention]) -> Float[Tensor, "B S"]:
        """The weight of each position, from the records of one column."""

    def scores(
        self,
        pipeline: Pipeline,
        rows: Sequence[Row],
        choice: Tensor | None = None,  # noqa: ARG002
    ) -> list[Scores]:
        found: list[Scores] = [{}] * len(rows)
        for index, _, output in pipeline.outputs(rows):
            for i, each in zip(index, self.shares(pipeline, [rows[i] for i in index], output), strict=True):
                found[i] = each
        return found

    def shares(self, pipeline: Pipeline, rows: Sequence[Row], output: Output) -> list[Scores]:
        """The scores of the rows of one batch, from what the model gave for it."""
        if output.members:
            every = [self.shares(pipeline, rows, each) for each in output.members]
            return [{column: _mean(each, column) for column in each[0]} for each in zip(*every, strict=True)]
        weights = {column: self.flow(records).double().numpy(force=True) for column, records in output.records.items()}
        return [
            _shares(pipeline, row, {column: each[place] for column, each in weights.items()})
            for place, row in enumerate(rows)
        ]


@dataclass(frozen=True)
class Received(AttentionShares):
    """What each unit received from the pool, through groups where the model has them (`models.flow.position_weights`).

    Shares as in `AttentionShares`.

    Cost: one prediction. Works badly when positions mix much before the pool looks: see `Rollout`.
    """

    def flow(self, records: Sequence[Attention]) -> Float[Tensor, "B S"]:
        return position_weights(records)


def _mean(scores: Sequence[Scores], column: str) -> Float[np.ndarray, "U"]:
    return np.mean([each[column] for each in scores], axis=0)


def _shares(pipeline: Pipeline, row: Row, weights: Mapping[str, Float[np.ndarray, "S"]]) -> Scores:
    merged = {column: pipeline.merge(example, weights[column]) for column, example in row.items()}
    totals = {column: float(each.sum()) for column, each in merged.items()}
    paid = sum(total > 0 for total in totals.values())
    return {column: each / (totals[column] * paid) if totals[column] > 0 else each for column, each in merged.items()}
