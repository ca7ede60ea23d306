"""Integrated gradients: gradients along the way from nothing to the input add up to the change of the answer.

Legend: B examples, S positions, M messages of an example, D width, N rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Batch
from salience.core.errors import ConfigError
from salience.evaluation.importance import messages
from salience.evaluation.importance.gradient_x_input import apart, differentiable, embed, merged, of_batch
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row, batch_size
from salience.pipeline import Pipeline


@dataclass(frozen=True)
class IntegratedGradients(Importance):
    r""":math:`a_s = \sum_d e_{sd} \int_0^1 \partial f(\alpha e) / \partial e_{sd}\, d\alpha`, from zero embeddings.

    Messages along the edges of a graph grow from nothing beside the embeddings, and give edges their scores. All scores
    of a row sum to :math:`f(e) - f(0)`, up to what `completeness_gap` measures.
    Signed: positive where a unit speaks for the prediction. Cost: three predictions per step.

    Args:
        steps: points of the Gauss-Legendre rule on the way.

    Reference: Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks".
    """

    steps: int = 16

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ConfigError(f"integrated gradients need at least one step, got {self.steps}")

    def scores(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None) -> list[Scores]:
        found: list[Scores] = [{}] * len(rows)
        with differentiable(pipeline):
            for index, batch in pipeline.batches(rows, batch_size(rows, most=64)):
                positions, along, _ = _integrate(pipeline, batch, self.steps, of_batch(choice, index, pipeline))
                for place, i in enumerate(index):
                    found[i] = merged(pipeline, rows[i], positions, place, along)
        return found


def completeness_gap(pipeline: Pipeline, rows: Iterable[Any], *, steps: int = 16) -> Float[np.ndarray, "N"]:
    r"""How far integrated gradients of each row are from adding up: :math:`|\sum_s a_s - (f(e) - f(0))|`.

    In the unit of the focus (log-odds, or standard deviations of the target). More steps make it smaller.
    """
    encoded = pipeline.encode(rows)
    gaps = np.zeros(len(encoded))
    with differentiable(pipeline):
        for index, batch in pipeline.batches(encoded, batch_size(encoded, most=64)):
            positions, along, change = _integrate(pipeline, batch, steps)
            total = torch.stack([each.double().sum(1) for each in (*positions.values(), *along.values())]).sum(0)
            gaps[index] = (total - change).abs().numpy(force=True)
    return gaps


def _integrate(
    pipeline: Pipeline, batch: Batch, steps: int, choice: Tensor | None = None
) -> tuple[dict[str, Float[Tensor, "B S"]], dict[str, Float[Tensor, "B M"]], Float[Tensor, "B"]]:
    """What each position and each message contributes, and how the focus changes over the whole way."""
    from captum.attr import IntegratedGradients as Captum

    embedded, heard = embed(pipeline, batch), messages.factors(batch)
    if choice is None:
        choice = pipeline.task.choose(pipeline.model.read(embedded, batch).raw)

    def focus(*inputs: Tensor) -> Float[Tensor, "B"]:
        columns = dict(zip(embedded, inputs[: len(embedded)], strict=True))
        along = dict(zip(heard, inputs[len(embedded) :], strict=True))
        return pipeline.task.focus(pipeline.model.read(columns, messages.told(batch, along)).raw, choice)

    inputs = (*embedded.values(), *heard.values())
    # One step of the whole batch at a time, because the layout of the batch cannot be repeated with it.
    found = Captum(focus).attribute(inputs, n_steps=steps, internal_batch_size=len(batch))
    change = focus(*inputs) - focus(*(torch.zeros_like(each) for each in inputs))
    return *apart(embedded, heard, [each.detach() for each in found]), change.detach().double()
