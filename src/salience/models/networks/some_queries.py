"""A record of some of the queries of another one: those that an answer is made of.

Legend: B examples, H heads, T queries, S sources, R asked rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.record import Attention


class SomeQueries(Attention):
    """The rows of these queries, in this order. Holds the record and nothing else."""

    def __init__(self, inner: Attention, queries: Sequence[int]) -> None:
        batch, heads, _, sources = inner.shape
        self._inner = inner
        self._queries = torch.tensor(queries, device=inner.asked.device)
        self.shape = (batch, heads, len(queries), sources)
        self.asked = len(queries) * inner.asked.clamp(max=1)
        self.normalised = inner.normalised

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        return self._inner.rows(self._queries[index])

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        weights = self.uniform() if query_weights is None else query_weights
        spread = weights.new_zeros(len(weights), self._inner.shape[2])
        return self._inner.received(spread.index_add(1, self._queries, weights))
