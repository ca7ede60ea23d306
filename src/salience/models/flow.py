"""From the records of one column to one weight per position: what the attention that was paid adds up to.

Legend: B examples, T queries of the last record, S sources, H heads, E edges.

All functions multiply a vector through the records from the last to the first, so that no matrix is made.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.record import Attention
from salience.kernels.asked import Asked
from salience.kernels.edges import Edges
from salience.models.groups import OverGroups, OverSteps


def position_weights(records: Sequence[Attention], asked: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B S"]:
    r"""The weight each position has in the pooled vector: :math:`w = \bar a^\top \bar G_n \cdots \bar G_1`.

    :math:`\bar a` is the last record (the pool's) and :math:`\bar G` are the grouping records (from words to
    sentences, say), each averaged over heads. Records among the positions themselves (self-attention) are left out:
    a position then stands for all it has gathered. `rollout` counts them. A pool that reads the positions a question is
    about (`AtNode`) looks at nothing else, so that all there is to tell is what they have gathered: that of `rollout`.

    `records` are those of one column, from input to output, and `asked` says how much each query of the last one
    counts, all alike by default. The result sums to one per example that has positions if the rows of the records do.
    """
    if isinstance(records[-1], Asked):
        return rollout(records, asked)
    weights = records[-1].received(asked).mean(1)
    for record in reversed(records[:-1]):
        if _is_grouping(record):
            weights = record.received(weights).mean(1)
    return weights


def rollout(records: Sequence[Attention], asked: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B S"]:
    r"""Attention rollout: as `position_weights`, with self-attention counted as :math:`\frac12 (\bar A + I)`.

    The half that stays is the residual connection; a layer without one passes on :math:`\bar A` (`record.stays`). The
    result sums to one per example that has positions if the rows of the records do.

    Reference: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """
    weights = records[-1].received(asked).mean(1)
    for record in reversed(records[:-1]):
        weights = through(record, weights)
    return weights


def along_edges(records: Sequence[Attention]) -> Float[Tensor, "E"] | None:
    r"""What flows along each edge of a graph on its way to the answer: :math:`f_e = \frac{1}{n} \sum_l (1 - s_l)\,
    w^l_{t(e)} a^l_e`, the mean over the :math:`n` layers that look along edges; None where no layer does.

    :math:`w^l` is the share of the answer that each node holds after layer l, as in `rollout`, :math:`a^l` are the
    weights of its edges, averaged over heads, and :math:`s_l` is what stays at a node beside what it hears. Nothing is
    lost on the way: over all edges of an example, and the loops that a mechanism adds by itself, the result sums to the
    mean of :math:`1 - s_l` over nodes that hear anything, so to one without residual connections.

    Edges come in the order of the layout; one that it lists twice has two numbers.
    """
    weights = records[-1].received().mean(1)
    found = []
    for record in reversed(records[:-1]):
        if isinstance(record, Edges):
            found.append((1 - record.stays) * record.edge_weights().mean(0) * weights.flatten()[record.targets])
        weights = through(record, weights)
    return torch.stack(found).mean(0) if found else None


def through(record: Attention, weights: Float[Tensor, "B T"]) -> Float[Tensor, "B S"]:
    """Where the weights after a layer come from: those before it."""
    gathered = record.received(weights).mean(1)
    return gathered if _is_grouping(record) else record.stays * weights + (1 - record.stays) * gathered


def _is_grouping(record: Attention) -> bool:
    """Are its queries others than its sources? Their numbers alone may agree by chance, in one batch of many."""
    _, _, queries, sources = record.shape
    return isinstance(record, OverGroups | OverSteps) or queries != sources
