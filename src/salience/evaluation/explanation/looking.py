"""The rows of an experiment as the pools of a model see them, batch after batch.

Legend: B examples, H heads, S positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Example
from salience.core.errors import DataError
from salience.evaluation.removal import Row, batch_size
from salience.models.intervene import LastLook
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
        NotAvailable: the model has no pools of ours.
    """
    with evaluating(pipeline.model), torch.no_grad():
        for index, batch in pipeline.batches(rows, batch_size(rows, most=256)):
            yield index, LastLook(pipeline.model, batch)


def largest_weight(look: LastLook) -> Float[Tensor, "B"]:
    """The largest weight of each row in any pool, heads averaged."""
    return torch.stack([each.mean(1).amax(-1) for each in look.weights]).amax(0)
