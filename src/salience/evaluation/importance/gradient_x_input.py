"""Gradient times input: what each unit contributes if the model were linear where it stands.

Legend: B examples, S positions, M messages of an example, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Batch
from salience.evaluation.importance import messages
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row, batch_size
from salience.pipeline import Pipeline, evaluating


@dataclass(frozen=True)
class GradientXInput(Importance):
    r""":math:`a_s = \sum_d e_{sd}\, \partial f / \partial e_{sd}`, with e what `model.embed` makes of a position.

    An edge of a graph is scored by :math:`\partial f / \partial m`, with m the share of its messages that arrives, one.
    Signed: positive where a unit speaks for the prediction. Cost: three predictions.

    Reference: Shrikumar et al. 2016, "Not Just a Black Box".
    """

    def scores(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None) -> list[Scores]:
        found: list[Scores] = [{}] * len(rows)
        with differentiable(pipeline):
            for index, batch in pipeline.batches(rows, batch_size(rows, most=64)):
                positions, along = _contributions(pipeline, batch, of_batch(choice, index, pipeline))
                for place, i in enumerate(index):
                    found[i] = merged(pipeline, rows[i], positions, place, along)
        return found


def _contributions(
    pipeline: Pipeline, batch: Batch, choice: Tensor | None
) -> tuple[dict[str, Float[Tensor, "B S"]], dict[str, Float[Tensor, "B M"]]]:
    """What each position contributes, and what the messages along edges do."""
    embedded, heard = embed(pipeline, batch), messages.factors(batch)
    inputs = [each.requires_grad_() for each in (*embedded.values(), *heard.values())]
    focus = pipeline.task.focus(pipeline.model.read(embedded, messages.told(batch, heard)).raw, choice)
    # A model may leave a column aside; its gradient is zero then.
    gradients = torch.autograd.grad(focus.sum(), inputs, allow_unused=True, materialize_grads=True)
    return apart(embedded, heard, [each.detach() * gradient for each, gradient in zip(inputs, gradients, strict=True)])


def apart(
    embedded: Mapping[str, Tensor], heard: Mapping[str, Tensor], found: Sequence[Tensor]
) -> tuple[dict[str, Float[Tensor, "B S"]], dict[str, Float[Tensor, "B M"]]]:
    """What was found for the embeddings and, after them, for the messages, per position and per message."""
    positions = {column: each.sum(-1) for column, each in zip(embedded, found[: len(embedded)], strict=True)}
    return positions, dict(zip(heard, found[len(embedded) :], strict=True))


def of_batch(choice: Tensor | None, index: Sequence[int], pipeline: Pipeline) -> Tensor | None:
    """What is explained of the rows of one batch, where the model is."""
    return None if choice is None else choice[list(index)].to(pipeline.device)


def embed(pipeline: Pipeline, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
    """What the encoders read, cut off from the stems."""
    with torch.no_grad():
        return {column: each.detach() for column, each in pipeline.model.embed(batch).items()}


def merged(
    pipeline: Pipeline,
    row: Row,
    positions: Mapping[str, Float[Tensor, "B S"]],
    place: int,
    along: Mapping[str, Float[Tensor, "B M"]] | None = None,
) -> Scores:
    """Numbers of positions, and of messages, summed into numbers of units, for the row at one place of a batch."""
    found = {
        column: pipeline.merge(example, positions[column][place].double().numpy(force=True))
        for column, example in row.items()
    }
    for column, each in (along or {}).items():
        found[column] = found[column] + messages.of_units(row[column], each[place])
    return found


@contextmanager
def differentiable(pipeline: Pipeline) -> Iterator[None]:
    """Evaluation mode with gradients inside the block, the modes of before after it."""
    # cuDNN refuses gradients of a recurrent layer in evaluation mode; torch's own kernels do not.
    with evaluating(pipeline.model), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        yield
