"""A record that lists its weights: which query looks at which source, and how much. What is not listed is zero.

Legend: B examples, H heads, T queries, S sources, R asked rows, N listed weights.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.record import Attention


@dataclass(frozen=True)
class Entries:
    """Listed weights. The same query and source may be listed more than once, which adds up."""

    row: Int[Tensor, "N"]  # (example * heads + head) * queries + query
    source: Int[Tensor, "N"]
    weight: Float[Tensor, "N"]


class Sparse(Attention):
    """Weights that a final kind lists. Every statistic takes time and memory that grow with N, not with T S."""

    @abstractmethod
    def entries(self, index: Int[Tensor, "R"] | None = None) -> Entries:
        """The weights of the queries in `index`, which holds none twice, and counts as the queries; of all by default.

        Weights are at least float32.
        """

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        batch, heads, _, sources = self.shape
        once, place = index.unique(return_inverse=True)
        listed = self.entries(once)
        zeros = listed.weight.new_zeros(batch * heads * len(once) * sources)
        found = zeros.index_add(0, listed.row * sources + listed.source, listed.weight)
        return found.view(batch, heads, len(once), sources)[:, :, place]

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        batch, heads, queries, sources = self.shape
        listed = self.entries()
        dtype = listed.weight.dtype
        weights = self.uniform(dtype) if query_weights is None else query_weights.to(dtype)
        weight = listed.weight * weights[:, None].expand(-1, heads, -1).flatten()[listed.row]
        zeros = weight.new_zeros(batch * heads * sources)
        found = zeros.index_add(0, listed.row // max(1, queries) * sources + listed.source, weight)
        return found.view(batch, heads, sources)

    def entropy(self) -> Float[Tensor, "B H T"]:
        listed = self.entries()
        pair, inverse = self._pairs(listed)
        total = listed.weight.new_zeros(len(pair)).index_add(0, inverse, listed.weight)
        # As in the base class: the floor keeps the gradient finite where a weight is exactly zero.
        part = total * total.clamp(min=torch.finfo(total.dtype).tiny).log()
        zeros = total.new_zeros(self._count)
        return -zeros.index_add(0, pair // max(1, self.shape[3]), part).view(self.shape[:3])

    def top(self, k: int) -> tuple[Float[Tensor, "B H T k"], Int[Tensor, "B H T k"]]:
        """As for every record. Where a query lists fewer than `k` sources, the rest is weight 0 on source 0."""
        sources = self.shape[3]
        k = min(k, sources)
        listed = self.entries()
        pair, inverse = self._pairs(listed)
        weight = listed.weight.new_zeros(len(pair)).index_add(0, inverse, listed.weight)
        order = weight.argsort(descending=True, stable=True)
        order = order[(pair[order] // max(1, sources)).argsort(stable=True)]
        row, source, weight = pair[order] // max(1, sources), pair[order] % max(1, sources), weight[order]
        first = torch.bincount(row, minlength=self._count).cumsum(0)
        first = first - torch.bincount(row, minlength=self._count)
        rank = torch.arange(len(row), device=row.device) - first[row]
        kept = rank < k
        place = row[kept] * k + rank[kept]
        values = weight.new_zeros(self._count * k).index_add(0, place, weight[kept])
        indices = source.new_zeros(self._count * k).index_add(0, place, source[kept])
        return values.view(*self.shape[:3], k), indices.view(*self.shape[:3], k)

    @property
    def _count(self) -> int:
        batch, heads, queries, _ = self.shape
        return batch * heads * queries

    def _pairs(self, listed: Entries) -> tuple[Int[Tensor, "P"], Int[Tensor, "N"]]:
        """Each pair of row and source that is listed, once and in order, and which of them each entry is."""
        return (listed.row * self.shape[3] + listed.source).unique(return_inverse=True)
