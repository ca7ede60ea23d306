"""From the records of a column to the one vector per row that an attention loss is about, with gradients.

Legend: B rows, S positions, H heads.

No matrix of queries and sources is made: `received` streams, forwards and backwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError, NotAvailable
from salience.core.record import Attention
from salience.kernels.rowwise import Rowwise
from salience.kernels.scored import Scored
from salience.models.flow import position_weights
from salience.models.groups import OverGroups

_WHERE = "train.attention_loss"


@dataclass(frozen=True)
class Looked:
    """Where a model looked: one vector per row."""

    weights: Float[Tensor, "B S"]
    #: Their logarithms; see `look`. Zero on padding.
    log_weights: Float[Tensor, "B S"]
    #: Which positions are real.
    mask: Bool[Tensor, "B S"]
    #: Whether weights may be exactly zero, as those of sparsemax are.
    sparse: bool = False
    #: What sparse weights are made of, head by head, where one query asks. Zero on padding.
    scores: Float[Tensor, "B H S"] | None = None
    #: What the loss learns beside the model.
    readout: nn.Module = field(default_factory=nn.Identity)

    def of(self, rows: Bool[Tensor, "B"]) -> Looked:
        """The same of some rows."""
        scores = None if self.scores is None else self.scores[rows]
        return Looked(self.weights[rows], self.log_weights[rows], self.mask[rows], self.sparse, scores, self.readout)


def look(
    records: Sequence[Attention],
    layout: Layout,
    *,
    layer: int | None = None,
    head: int | None = None,
    readout: nn.Module | None = None,
) -> Looked:
    r"""The attention that a loss names by `layer` and `head`; see `AttentionLoss`.

    Logarithms. Where the record knows its scores (scaled dot products) and one query asks, they are
    :math:`x_s - \ln \sum e^x`, which cannot underflow. Else they are logarithms of the weights in at least float32, not
    below that of the smallest normal number, about -87. A softmax with scores within 87 of each other loses nothing by
    that, and its gradient by the scores is a - t as it should be. A position further below keeps its loss, and gets no
    gradient.

    Raises:
        ConfigError: there is no such layer or head.
        NotAvailable: the attention cannot be learned, or is not about positions.
    """
    number = _number(records, layer)
    record, before = records[number], records[:number]
    grouped = any(_is_grouping(each) for each in before)
    _check(record, number, head, over_positions=not grouped or (layer is None and head is None))
    weights = position_weights(records) if layer is None and head is None else _heads(record.received(), head)
    weights = weights.to(torch.promote_types(weights.dtype, torch.float32))
    if not weights.requires_grad and torch.is_grad_enabled():
        raise NotAvailable(
            f"the attention of record {number} ({type(record).__name__}) is not learned, so nothing can teach it",
            where=_WHERE,
            fix="choose a pool that learns where to look, such as Additive, or name another layer",
        )
    single = record.shape[2] == 1 and not grouped
    logarithms = _log_softmax(record, head) if isinstance(record, Scored) and single else _logarithm(weights)
    logarithms = torch.where(layout.mask, logarithms, 0.0)
    scores = _scores(record, head) if isinstance(record, Rowwise) and single else None
    return Looked(weights, logarithms, layout.mask, isinstance(record, Rowwise), scores, readout or nn.Identity())


def _number(records: Sequence[Attention], layer: int | None) -> int:
    if layer is not None and layer >= len(records):
        raise ConfigError(
            f"there is no layer {layer}: the model has {len(records)} attention records",
            where=_WHERE,
            fix=f"give a number from 0 to {len(records) - 1}; the last one is the pool's",
        )
    return len(records) - 1 if layer is None else layer


def _check(record: Attention, number: int, head: int | None, *, over_positions: bool) -> None:
    if not over_positions:
        raise NotAvailable(
            f"record {number} looks at groups of positions, and people mark positions",
            where=_WHERE,
            fix="leave `layer` and `head` out: the weights of positions are then those through all groups",
        )
    heads = record.shape[1]
    if head is not None and head >= heads:
        raise ConfigError(
            f"there is no head {head}: record {number} has {heads}", where=_WHERE, fix=f"give 0 to {heads - 1}"
        )


def _is_grouping(record: Attention) -> bool:
    return isinstance(record, OverGroups) or record.shape[2] != record.shape[3]


def _heads(weights: Float[Tensor, "B H S"], head: int | None) -> Float[Tensor, "B S"]:
    return weights.mean(1) if head is None else weights[:, head]


def _logarithm(weights: Float[Tensor, "B S"]) -> Float[Tensor, "B S"]:
    return weights.clamp(min=torch.finfo(weights.dtype).tiny).log()


def _log_softmax(record: Scored, head: int | None) -> Float[Tensor, "B S"]:
    """The logarithm of the weights of the only query, or of their mean over heads, without making the weights."""
    everything = slice(0, record.shape[3])
    seen = record.problem.visible(slice(0, 1), everything)[:, :, 0]
    scores = record.problem.all_scores(slice(0, 1), everything)[:, :, 0]
    # A finite lowest value, because a row of -inf would be NaN.
    each = torch.where(seen, scores, torch.finfo(scores.dtype).min).log_softmax(-1)  # [B, H, S]
    return each.logsumexp(1) - math.log(each.shape[1]) if head is None else each[:, head]


def _scores(record: Rowwise, head: int | None) -> Float[Tensor, "B H S"]:
    """The scores of the only query in each head, or in the one that is meant."""
    scores, seen = record.scores(torch.zeros(1, dtype=torch.long, device=record.asked.device))
    found = torch.where(seen, scores, 0.0)[:, :, 0]
    return found if head is None else found[:, head, None]
