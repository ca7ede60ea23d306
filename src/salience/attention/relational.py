"""Graph attention that knows of what kind each edge is (Busbridge et al. 2019).

Legend: N nodes, M edges, H heads, D width, C channels of a head (D / H), K kinds of edges.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention.graph import Graph
from salience.core.errors import ConfigError, DataError


class Relational(Graph):
    r"""`GAT` with numbers of its own for each kind of edge; edges of all kinds share one softmax.

    Idea: a friend, a boss and a namesake are not listened to alike. Each kind of edge has its own vectors that score
    query and source, and a number of its own besides.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_{s \to t}\,\mathrm{LeakyReLU}_{0.2}(b^h_k \cdot W^h q_t + c^h_k \cdot
    W^h s_s + e^h_k),\ y_t = [\sum_{s \to t} a^h_{ts} W^h s_s]_h`, with k the kind of the edge. A node without edges
    gives zeros.

    Cost: O(N D^2 + M D) time, O((N + M) D + K D) memory, for N nodes and M edges in all.

    Works badly when: kinds are many and edges of each are few.

    Reference: Busbridge et al. 2019, "Relational Graph Attention Networks", section 2, across-relation attention with
    one projection for all relations.

    Args:
        heads: number of heads; divides the width.
        kinds: how many kinds of edges there are. Loops that the data add (`self_loops` of the modality) are one more.
            Where a layout tells no kinds, all edges are of the first.
        dropout: share of the weights dropped in training; the record tells them all.

    Raises:
        ConfigError: heads do not divide the width, no kind, or a dropout that is no share.
        DataError: the layout has no edges, one that does not join two real positions of one example, or one of a kind
            that is not among `kinds`.

    Two edges to the first node, of kinds 0 and 1, and scores that are 0 and 2 by their kinds alone: the second edge
    gets 1 / (1 + exp(-2)) = 0.88080.

    >>> from salience.core.batch import Layout
    >>> mechanism = Relational(2, heads=1, kinds=2)
    >>> _ = nn.init.zeros_(mechanism.of_query), nn.init.zeros_(mechanism.of_source)
    >>> _ = mechanism.of_kind.data.copy_(torch.tensor([[0.0], [2.0]]))
    >>> edges, kinds = torch.tensor([[1, 2], [0, 0]]), torch.tensor([0, 1])
    >>> layout = Layout(torch.tensor([3]), size=3, edges=edges, kinds=kinds)
    >>> _, record = mechanism(torch.tensor([[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]]), layout=layout)
    >>> print(record.edge_weights().detach())
    tensor([[0.1192, 0.8808]])
    """

    def __init__(self, width: int, *, heads: int = 4, kinds: int = 1, dropout: float = 0.0) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if kinds < 1:
            raise ConfigError(f"there must be at least 1 kind of edges, got {kinds}", where="Relational")
        self.of_query = nn.Parameter(torch.empty(kinds, heads, width // heads))
        self.of_source = nn.Parameter(torch.empty(kinds, heads, width // heads))
        self.of_kind = nn.Parameter(torch.zeros(kinds, heads))
        for each in (*self.of_query.data, *self.of_source.data):
            nn.init.xavier_uniform_(each)

    def score(
        self,
        _nodes: Float[Tensor, "N D"],
        offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        kinds: Int[Tensor, "M"] | None,
        _along: Float[Tensor, "M H C"] | None,
    ) -> Float[Tensor, "M H"]:
        kinds = torch.zeros_like(edges[0]) if kinds is None else kinds
        if not torch.compiler.is_compiling():
            self._check(kinds)
        wants = torch.einsum("nhc,khc->nkh", offered, self.of_query)
        offers = torch.einsum("nhc,khc->nkh", offered, self.of_source)
        return F.leaky_relu(offers[edges[0], kinds] + wants[edges[1], kinds] + self.of_kind[kinds], 0.2)

    def extra_repr(self) -> str:
        return f"heads={self.heads}, kinds={len(self.of_kind)}, dropout={self.dropout.p}"

    def _check(self, kinds: Int[Tensor, "M"]) -> None:
        known = len(self.of_kind)
        if len(kinds) and not 0 <= int(kinds.min()) <= int(kinds.max()) < known:
            raise DataError(
                f"an edge is of kind {int(kinds.max())}, counted from 0, and the mechanism knows {known}",
                where="Relational attention",
                fix="give `kinds` as many as the edge table has, and one more for loops that are added",
            )
