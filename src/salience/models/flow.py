"""From the records of one column to one weight per position: what the attention that was paid adds up to.

Legend: B examples, S sources, H heads.

Both functions multiply a vector through the records from the last to the first, so that no matrix is made.
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from salience.core.record import Attention
from salience.models.groups import OverGroups, OverSteps


def position_weights(records: Sequence[Attention]) -> Float[Tensor, "B S"]:
    r"""The weight each position has in the pooled vector: :math:`w = \bar a^\top \bar G_n \cdots \bar G_1`.

    :math:`\bar a` is the last record (the pool's) and :math:`\bar G` are the grouping records (from words to
    sentences, say), each averaged over heads. Records among the positions themselves (self-attention) are left out:
    a position then stands for all it has gathered. `rollout` counts them.

    `records` are those of one column, from input to output. The result sums to one per example that has positions
    if the rows of the records do.
    """
    weights = records[-1].received().mean(1)
    for record in reversed(records[:-1]):
        if _is_grouping(record):
            weights = record.received(weights).mean(1)
    return weights


def rollout(records: Sequence[Attention]) -> Float[Tensor, "B S"]:
    r"""Attention rollout: as `position_weights`, with self-attention counted as :math:`\frac12 (\bar A + I)`.

    The half that stays is the residual connection. The result sums to one per example that has positions if the rows
    of the records do.

    Reference: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """
    weights = records[-1].received().mean(1)
    for record in reversed(records[:-1]):
        gathered = record.received(weights).mean(1)
        weights = gathered if _is_grouping(record) else (weights + gathered) / 2
    return weights


def _is_grouping(record: Attention) -> bool:
    """Are its queries others than its sources? Their numbers alone may agree by chance, in one batch of many."""
    _, _, queries, sources = record.shape
    return isinstance(record, OverGroups | OverSteps) or queries != sources
