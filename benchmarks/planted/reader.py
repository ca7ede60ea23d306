"""The smallest model that can read with a mechanism: embed, look, read out, answer.

Legend: B inputs, S elements, T queries, F features, D width, C classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from benchmarks.planted.things import FEATURES, SHAPES, Inputs
from salience.attention.mechanism import prepared
from salience.core.batch import Layout
from salience.core.record import Attention, Dense

WIDTH = 32


@dataclass(frozen=True)
class Reading:
    """What a reader says, the record of its mechanism, and how much each query of that counted."""

    raw: Float[Tensor, "B C"]
    record: Attention
    asked: Float[Tensor, "B T"]

    def importance(self) -> Float[Tensor, "B S"]:
        """What each element received from what was asked, as the mean over heads: from the record alone.

        A weight below zero, which some records have, counts by its size: it brings its value in turned round.
        """
        return self.record.received(self.asked).abs().mean(dim=1)


class Reader(nn.Module):
    r"""Answers from :math:`\sum_t w_t y_t`, where w says how much each query is asked and y is what the mechanism gave.

    The elements ask each other, unless the inputs say who asks. As a pool, one learned vector asks.

    The embedding is linear: with a network for each element, colour and shape could be bound together before anything
    is mixed, and a plain mean would do. There is no way from the elements to the answer but the mechanism.
    """

    def __init__(self, mechanism: Callable[[int], nn.Module], *, pool: bool = False) -> None:
        super().__init__()
        self.embed = nn.Linear(FEATURES, WIDTH)
        self.query = nn.Parameter(torch.randn(WIDTH) / WIDTH**0.5) if pool else None
        self.mechanism = mechanism(WIDTH)
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, len(SHAPES)))

    def forward(self, inputs: Inputs) -> Reading:
        values, layout, asked = self.embed(inputs.values), inputs.layout, inputs.asked
        if self.query is not None:
            asked = torch.ones(len(values), 1)
            mixed, record = self.mechanism(self.query.expand(len(values), 1, -1), values, layout=layout)
        elif inputs.query is not None:
            asking = self.embed(inputs.query)
            mixed, record = self.mechanism(asking, values, layout=layout, query_layout=inputs.query_layout)
        else:
            mixed, record = self.mechanism(values, layout=layout)
        return Reading(self.head(torch.einsum("bt,btd->bd", asked, mixed)), record, asked)


class Average(nn.Module):
    """No attention: every query gets the mean of all elements."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        _, source, asking = prepared(query, source, layout, query_layout)
        shares = layout.mask / layout.lengths[:, None]  # [B, S]
        weights = shares[:, None] * asking.mask[..., None]  # [B, T, S]
        return weights @ source, Dense(weights[:, None], asking.lengths)
