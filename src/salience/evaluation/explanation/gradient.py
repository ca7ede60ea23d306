"""Gradients with attention held fast: how the answer follows what is written, by weights that stay as they are.

Legend: B examples, S positions, D width, C numbers per answer, U units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Batch
from salience.evaluation.importance.gradient_x_input import differentiable, embed, merged
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row, batch_size
from salience.models.guided import Guided, follow
from salience.pipeline import Pipeline


@dataclass(frozen=True)
class FixedAttentionGradient(Importance):
    r""":math:`g_s = \sum_c |\sum_d e_{sd}\, \partial p_c / \partial e_{sd}|`, as shares of the row.

    e is what `model.embed` makes of a position, so that the inner sum is the derivative by the "one" of its one-hot
    code. p are the probabilities (or the value) with the weights of the pools taken for constants: gradients do not go
    through what decides where to look. Never negative. Weights are averaged over the heads of a
    pool. Cost: two predictions and C gradients.

    Raises:
        NotAvailable: the model has no pool that could be given weights.

    Reference: Jain and Wallace 2019, "Attention is not Explanation", section 4.1.
    """

    def scores(
        self,
        pipeline: Pipeline,
        rows: Sequence[Row],
        choice: Tensor | None = None,  # noqa: ARG002
    ) -> list[Scores]:
        found: list[Scores] = [{}] * len(rows)
        with differentiable(pipeline):
            for index, batch in pipeline.batches(rows, batch_size(rows, most=64)):
                for of_output in _contributions(pipeline, batch):
                    for place, i in enumerate(index):
                        found[i] = _added(found[i], merged(pipeline, rows[i], of_output, place))
        return [_shares(each) for each in found]


def _contributions(pipeline: Pipeline, batch: Batch) -> list[dict[str, Float[Tensor, "B S"]]]:
    """For each number of the answer, what each position contributes."""
    embedded = {column: each.requires_grad_() for column, each in embed(pipeline, batch).items()}
    # Led by itself, a model looks where it looks, and its weights are constants.
    fixed = Guided(pipeline.model, follow(pipeline.model))
    answer = pipeline.task.probabilities(fixed.read(embedded, batch).raw)
    return [_times_gradient(embedded, each) for each in answer.unbind(-1)]


def _times_gradient(
    embedded: dict[str, Float[Tensor, "B S D"]], output: Float[Tensor, "B"]
) -> dict[str, Float[Tensor, "B S"]]:
    inputs = list(embedded.values())
    gradients = torch.autograd.grad(output.sum(), inputs, retain_graph=True, allow_unused=True, materialize_grads=True)
    return {
        column: (each.detach() * gradient).sum(-1)
        for (column, each), gradient in zip(embedded.items(), gradients, strict=True)
    }


def _added(known: Scores, more: Scores) -> Scores:
    return {column: known.get(column, 0.0) + np.abs(each) for column, each in more.items()}


def _shares(scores: Scores) -> Scores:
    total: Float[np.ndarray, ""] = sum(each.sum() for each in scores.values())
    return {column: each / total if total > 0 else each for column, each in scores.items()}
