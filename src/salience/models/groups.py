"""A padded batch taken apart into its groups (sentences of documents) and put together again, records included.

Legend: B examples, S sources, G groups of an example, N groups of all examples, L members of a group, H heads,
R asked rows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention, Dense
from salience.kernels.groups import first_of_group


class Groups:
    """Where each position stands among groups. Without `layout.groups`, an example is one group.

    `members` is the layout of the N groups as a batch of its own; `groups` is the layout of the G groups per example.
    """

    def __init__(self, layout: Layout) -> None:
        self.source = layout
        mask = layout.mask
        first = first_of_group(layout)
        counts = first.sum(-1)
        # A batch without a single position still is one (empty) group, because encoders expect a batch.
        total = max(1, int(counts.sum()))
        self.rank = (first.cumsum(-1) - 1).masked_fill(~mask, -1)  # [B, S] which group of its example
        self.row = (self.rank + (counts.cumsum(0) - counts)[:, None]).masked_fill(~mask, -1)  # [B, S] which of N
        lengths = torch.zeros(total, dtype=torch.long, device=mask.device)
        lengths = lengths.index_add(0, self.row[mask], torch.ones_like(self.row[mask]))
        starts = lengths.cumsum(0) - lengths  # among the real positions of all examples
        order = torch.arange(int(mask.sum()), device=mask.device)
        self.place = torch.full_like(self.row, -1)  # [B, S] which member of its group
        self.place[mask] = order - starts[self.row[mask]]
        self.members = Layout(lengths, max(1, int(lengths.max())))
        self.groups = Layout(counts, max(1, int(counts.max())))

    def apart(self, values: Float[Tensor, "B S *rest"]) -> Float[Tensor, "N L *rest"]:
        """From positions of examples to members of groups."""
        mask = self.source.mask
        parts = values.new_zeros(len(self.members.lengths), self.members.size, *values.shape[2:])
        return parts.index_put((self.row[mask], self.place[mask]), values[mask])

    def together(self, parts: Float[Tensor, "N L *rest"]) -> Float[Tensor, "B S *rest"]:
        """The inverse of `apart`: zeros on padding."""
        mask = self.source.mask
        values = parts.new_zeros(*mask.shape, *parts.shape[2:])
        return values.index_put((mask,), parts[self.row[mask], self.place[mask]])

    def per_example(self, vectors: Float[Tensor, "N W"]) -> Float[Tensor, "B G W"]:
        """One vector per group, from a batch of groups to a batch of examples."""
        mask = self.groups.mask
        values = vectors.new_zeros(*mask.shape, vectors.shape[-1])
        return values.index_put((mask,), vectors[: int(mask.sum())])


class OverGroups(Attention):
    """Groups ask their members: a position has weight in the row of its own group only. Holds O(S) numbers."""

    def __init__(self, weights: Float[Tensor, "B H S"], groups: Groups, *, normalised: bool) -> None:
        batch, heads, sources = weights.shape
        self._weights = weights
        self._rank = groups.rank
        self.shape = (batch, heads, groups.groups.size, sources)
        self.asked = groups.groups.lengths
        self.normalised = normalised

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        inside = self._rank[:, None] == index[:, None]  # [B, R, S]
        return self._weights[:, :, None] * inside[:, None]

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        if query_weights is None:
            query_weights = self.uniform()
        return self._weights * query_weights.gather(1, self._rank.clamp(min=0))[:, None].to(self._weights.dtype)


class OverSteps(Dense):
    """Steps of reading ask all positions: rows are steps, in place of positions or groups."""


class WithinGroups(Attention):
    """Members ask members of their own group. Holds the record of the groups and nothing else."""

    def __init__(self, inner: Attention, groups: Groups) -> None:
        batch, sources = groups.rank.shape
        self._inner = inner
        self._groups = groups
        self.shape = (batch, inner.shape[1], sources, sources)
        self.asked = groups.source.lengths
        self.normalised = inner.normalised

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        row, place = self._groups.row, self._groups.place
        wanted, which = place[:, index].clamp(min=0).unique(return_inverse=True)  # which: [B, R]
        rows = self._inner.rows(wanted)[row[:, index].clamp(min=0), :, which]  # [B, R, H, L]
        found = rows.gather(-1, place.clamp(min=0)[:, None, None].expand(*rows.shape[:3], -1))  # [B, R, H, S]
        inside = (row[:, index, None] == row[:, None]) & (row[:, None] >= 0)  # [B, R, S]
        return (found * inside[:, :, None]).transpose(1, 2)

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        if query_weights is None:
            query_weights = self.uniform()
        received = self._inner.received(self._groups.apart(query_weights))  # [N, H, L]
        return self._groups.together(received.transpose(1, 2)).transpose(1, 2)
