"""A record of weights on the edges of a graph: one number for each edge and head, never one for each pair.

Legend: B examples, H heads, S positions (queries and sources alike), E edges, M edges and loops, R asked rows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.errors import NotAvailable
from salience.kernels.sparse import Entries, Sparse


class Edges(Sparse):
    """One weight for each edge and head, in the order of the layout's edges.

    An edge that the layout lists twice keeps two weights in `edge_weights`; `rows` and everything made of rows hold
    their sum. Loops that a model added by itself are told by `loop_weights` and are in `rows`, where they belong; they
    are never among the edges.
    """

    def __init__(
        self,
        weights: Float[Tensor, "E H"],
        layout: Layout,
        *,
        loops: Float[Tensor, "B S H"] | None = None,
    ) -> None:
        assert layout.edges is not None
        self._weights = weights
        self._edges = layout.edges
        self._loops = loops
        self.shape = (len(layout.lengths), weights.shape[1], layout.size, layout.size)
        self.asked = layout.lengths
        self.normalised = True

    @property
    def looped(self) -> bool:
        """Whether the mechanism added loops by itself."""
        return self._loops is not None

    @property
    def sources(self) -> Int[Tensor, "E"]:
        """What each edge comes from, counted through the batch."""
        return self._edges[0]

    @property
    def targets(self) -> Int[Tensor, "E"]:
        """The query of each edge, counted through the batch."""
        return self._edges[1]

    def edge_weights(self) -> Float[Tensor, "H E"]:
        """The weight of each edge of the layout, in its order."""
        return self._weights.T

    def loop_weights(self) -> Float[Tensor, "B H S"]:
        """The weight of the loop that the model added to each position; 0 where it added none.

        Raises:
            NotAvailable: the model adds no loops.
        """
        if self._loops is None:
            raise NotAvailable(
                "this record has no loops besides those among the edges",
                fix="make the mechanism with `self_loops=True`, or ask for edge_weights()",
            )
        return self._loops.transpose(1, 2)

    def message_weights(self) -> Float[Tensor, "M H"]:
        """The weights of the edges and, after them, of a loop at each position, if the model adds loops."""
        return self._weights if self._loops is None else torch.cat([self._weights, self._loops.flatten(0, 1)])

    def entries(self, index: Int[Tensor, "R"] | None = None) -> Entries:
        source, query, weights = *self._edges, self.message_weights()
        size = self.shape[2]
        if self._loops is not None:
            own = torch.arange(self._loops.shape[0] * size, device=source.device)
            source, query = torch.cat([source, own]), torch.cat([query, own])
        # Without any position there is nothing to divide, and zero must not divide it.
        example, place = query // max(1, size), query % max(1, size)
        if index is not None:
            slot = torch.full((size,), -1, device=source.device).index_copy(
                0, index, torch.arange(len(index), device=index.device)
            )
            kept = slot[place] >= 0
            source, example, place, weights = source[kept], example[kept], slot[place[kept]], weights[kept]
            queries = len(index)
        else:
            queries = size
        heads = torch.arange(weights.shape[1], device=source.device)
        row = (example[:, None] * len(heads) + heads) * queries + place[:, None]  # [E, H]
        source = (source % max(1, size))[:, None].expand_as(row)
        return Entries(row.flatten(), source.flatten(), weights.flatten())
