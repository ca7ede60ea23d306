"""Messages of a graph, those to one node side by side: what a node chooses from when it looks along its edges.

Legend: B examples, S positions (nodes), M messages, K messages to one node, H heads.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.batch import Layout


class Incoming:
    """Where each message stands among those to the same node. Memory grows with the node that hears most.

    Args:
        targets: the node each message leads to, counted through the batch.
        real: which messages there are; all by default.
    """

    #: Which places hold a message, those without one last.
    seen: Bool[Tensor, "B S K"]

    def __init__(self, targets: Int[Tensor, "M"], layout: Layout, *, real: Bool[Tensor, "M"] | None = None) -> None:
        nodes = len(layout.lengths) * layout.size
        self._count = len(targets)
        self._real = torch.arange(self._count, device=targets.device) if real is None else real.nonzero().squeeze(1)
        targets = targets[self._real]
        counts = torch.bincount(targets, minlength=nodes)
        most = max(1, int(counts.max())) if nodes else 1
        order = targets.argsort(stable=True)
        rank = torch.empty_like(order)
        rank[order] = torch.arange(len(order), device=order.device) - (counts.cumsum(0) - counts)[targets[order]]
        self._place = targets * most + rank
        places = torch.arange(most, device=targets.device)
        self.seen = (places < counts[:, None]).view(len(layout.lengths), layout.size, most)

    def apart(self, weights: Float[Tensor, "M H"]) -> Float[Tensor, "B H S K"]:
        """From messages to nodes, with zeros where a node hears of no further one."""
        found = weights.new_zeros(self.seen.numel(), weights.shape[1])
        found = found.index_copy(0, self._place, weights[self._real])
        return found.view(*self.seen.shape, -1).permute(0, 3, 1, 2)

    def together(self, weights: Float[Tensor, "B H S K"]) -> Float[Tensor, "M H"]:
        """The inverse of `apart`: zeros for messages that are not real."""
        listed = weights.permute(0, 2, 3, 1).reshape(self.seen.numel(), -1)[self._place]
        return listed.new_zeros(self._count, listed.shape[1]).index_copy(0, self._real, listed)
