"""Attention itself as importance: the share of its attention that a model paid to each unit.

Legend: B examples, T queries of the last record, S positions, U units of one column, M edges.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Example
from salience.core.record import Attention
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row
from salience.models.flow import along_edges, position_weights
from salience.models.model import Output
from salience.pipeline import Pipeline

#: What each position of an example received, and what flowed along each of its edges, if it has any.
Paid = tuple[Float[np.ndarray, "S"], Float[np.ndarray, "M"] | None]


@dataclass(frozen=True)
class AttentionShares(Importance):
    """What a function of the records gives each position, as shares of the units of each row.

    The scores of a row sum to one over all its columns, and every column that has units to the same share: attention
    is paid within a column, so it cannot say which column mattered more. Attention on positions that belong to no unit
    is left out before. The shares of an ensemble are the mean of those of its members.

    In a graph the same flow is told twice: half of the shares of a column go to the nodes it came from, and half to the
    edges it went along (`models.flow.along_edges`), loops that were added among them.

    Args:
        steps: the first and the last step of a forecast to ask about, counted from 1, of models whose last record has
            one query per step; by default all queries count alike.
    """

    signed = False
    steps: tuple[int, int] | None = None

    @abstractmethod
    def flow(self, records: Sequence[Attention], asked: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B S"]:
        """The weight of each position, from the records of one column and the weights of the last queries."""

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
        weights = {
            column: self.flow(records, self._asked(records[-1])).double().numpy(force=True)
            for column, records in output.records.items()
        }
        along = {column: _of_rows([row[column] for row in rows], each) for column, each in output.records.items()}
        return [
            _shares(pipeline, row, {column: (each[place], along[column][place]) for column, each in weights.items()})
            for place, row in enumerate(rows)
        ]

    def _asked(self, record: Attention) -> Float[Tensor, "B T"] | None:
        if self.steps is None:
            return None
        first, last = self.steps
        weights = torch.zeros_like(record.uniform())
        weights[:, first - 1 : last] = 1 / (last - first + 1)
        return weights


@dataclass(frozen=True)
class Received(AttentionShares):
    """What each unit received from the pool, through groups where the model has them (`models.flow.position_weights`).

    Shares and steps as in `AttentionShares`.

    Cost: one prediction. Works badly when positions mix much before the pool looks: see `Rollout`.
    """

    def flow(self, records: Sequence[Attention], asked: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B S"]:
        return position_weights(records, asked)


def _mean(scores: Sequence[Scores], column: str) -> Float[np.ndarray, "U"]:
    return np.mean([each[column] for each in scores], axis=0)


def _of_rows(examples: Sequence[Example], records: Sequence[Attention]) -> list[Float[np.ndarray, "M"] | None]:
    """What flows along the edges of each example; None for data that have none."""
    found = along_edges(records) if any(each.links for each in examples) else None
    if found is None:
        return [None] * len(examples)
    ends = np.cumsum([0 if each.links is None else each.links.edges.shape[1] for each in examples])
    return list(np.split(found.double().numpy(force=True), ends[:-1]))


def _shares(pipeline: Pipeline, row: Row, weights: Mapping[str, Paid]) -> Scores:
    merged = {column: _merged(pipeline, example, *weights[column]) for column, example in row.items()}
    totals = {column: float(each.sum()) for column, each in merged.items()}
    paid = sum(total > 0 for total in totals.values())
    return {column: each / (totals[column] * paid) if totals[column] > 0 else each for column, each in merged.items()}


def _merged(
    pipeline: Pipeline, example: Example, positions: Float[np.ndarray, "S"], along: Float[np.ndarray, "M"] | None
) -> Float[np.ndarray, "U"]:
    nodes = pipeline.merge(example, positions)
    if along is None or example.links is None:
        return nodes
    owned = example.links.owner >= 0
    edges = np.bincount(example.links.owner[owned], along[owned], minlength=len(example.places))
    halves = [each / each.sum() for each in (nodes, edges) if each.sum() > 0]
    return np.mean(halves, axis=0) if halves else nodes
