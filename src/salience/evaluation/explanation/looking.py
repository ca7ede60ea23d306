"""The rows of an experiment as the last looks of a model see them, batch after batch.

Legend: B examples, H heads, T queries, S sources, K starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Example
from salience.core.errors import DataError
from salience.evaluation.explanation.distance import jensen_shannon
from salience.evaluation.removal import Row, batch_size
from salience.models.intervene import LastLook, Look, last_look
from salience.pipeline import Pipeline, evaluating


def read(pipeline: Pipeline, rows: Iterable[Any]) -> Sequence[dict[str, Example]]:
    """The rows of an experiment, encoded.

    Raises:
        DataError: there are no rows.
    """
    encoded = pipeline.encode(rows)
    if not encoded:
        raise DataError(
            "expected at least one row to experiment with, got none", fix="give rows that training has not seen"
        )
    return encoded


def looks(pipeline: Pipeline, rows: Sequence[Row]) -> Iterator[tuple[list[int], LastLook]]:
    """The last look at each batch, with the places its rows have in `rows`. Evaluation mode, no gradient.

    Raises:
        NotAvailable: what the model answers is no function of where it looks.
    """
    with evaluating(pipeline.model), torch.no_grad():
        for index, batch in pipeline.batches(rows, batch_size(rows, most=256)):
            yield index, last_look(pipeline.model, batch)


def largest_weight(look: LastLook) -> Float[Tensor, "B"]:
    """The largest weight of each row in any look, heads averaged; of several queries the mean of theirs."""
    return torch.stack([each.over_queries(each.weights.mean(1).amax(-1)) for each in look.looks]).amax(0)


def divergence(look: LastLook, weights: Sequence[Tensor]) -> Float[Tensor, "*K B"]:
    """How far weights are from those of the looks: the Jensen-Shannon divergence of the shares of each query, in nats,
    averaged over heads, queries that have a choice, and looks."""
    pairs = zip(look.looks, look.weights, weights, strict=True)
    return torch.stack([apart(each, own, other) for each, own, other in pairs]).mean(0)


def apart(look: Look, one: Float[Tensor, "*K B H T S"], other: Float[Tensor, "*K B H T S"]) -> Float[Tensor, "*K B"]:
    """The same of two sets of weights of one look."""
    return look.over_queries(jensen_shannon(_shares(one), _shares(other)).mean(-2), least=2)


def _shares(weights: Float[Tensor, "*K B H T S"]) -> Float[Tensor, "*K B H T S"]:
    total = weights.sum(-1, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)
