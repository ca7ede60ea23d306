"""Graph attention whose heads each node opens or closes by what its neighbourhood is like (Zhang et al. 2018).

Legend: N nodes, M edges, H heads, D width, C channels of a head (D / H).
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.attention.graph import Graph, dot_scores


class GatedGraph(Graph):
    r"""Dot-product attention along edges, times a gate for each node and head.

    Idea: not every head is of use to every node; one without a neighbour worth listening to can close all of them. The
    gate reads the node and the mean of its neighbours.

    Formula: :math:`a^h_{ts} = g^h_t\,\mathrm{softmax}_{s \to t}\,U^h q_t \cdot K^h s_s / \sqrt{C},\ g_t =
    \sigma(G [q_t, \bar s_t] + b),\ y_t = [\sum_{s \to t} a^h_{ts} W^h s_s]_h`, with :math:`\bar s_t` the mean of the
    projected sources of t. A node without edges gives zeros.

    Weights: those of a node sum to its gate, and not to one.

    Cost: O(N D^2 + M D) time, O((N + M) D) memory, for N nodes and M edges in all.

    Works badly when: shares are wanted; a small weight says that the gate is closed, or that another edge won.

    Reference: Zhang et al. 2018, "GaAN: Gated Attention Networks for Learning on Large and Spatiotemporal Graphs",
    section 3.2, with the mean of neighbours only.

    Args:
        heads: number of heads; divides the width.
        self_loops: whether a node without an edge to itself gets one. Not needed where the layer adds its input to its
            output. The record keeps such loops apart from the edges.
        dropout: share of the weights dropped in training; the record tells them all.

    Raises:
        ConfigError: heads do not divide the width, or a dropout that is no share.
        DataError: the layout has no edges, or one that does not join two real positions of one example.

    With no projection of the query, and nothing that opens or closes the gate, each of two edges gets half of a half.

    >>> from salience.core.batch import Layout
    >>> mechanism = GatedGraph(2, heads=1)
    >>> _ = nn.init.zeros_(mechanism.query.weight), nn.init.zeros_(mechanism.opening.weight)
    >>> layout = Layout(torch.tensor([3]), size=3, edges=torch.tensor([[1, 2], [0, 0]]))
    >>> _, record = mechanism(torch.tensor([[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]]), layout=layout)
    >>> print(record.edge_weights().detach())
    tensor([[0.2500, 0.2500]])
    """

    def __init__(self, width: int, *, heads: int = 4, self_loops: bool = False, dropout: float = 0.0) -> None:
        super().__init__(width, heads=heads, self_loops=self_loops, dropout=dropout)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.opening = nn.Linear(2 * width, heads)
        for each in (self.query, self.key, self.opening):
            nn.init.xavier_uniform_(each.weight)
        nn.init.zeros_(self.opening.bias)

    def score(
        self,
        nodes: Float[Tensor, "N D"],
        _offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        _kinds: Int[Tensor, "M"] | None,
        _along: Float[Tensor, "M H C"] | None,
    ) -> Float[Tensor, "M H"]:
        return dot_scores(self.query(nodes), self.key(nodes), edges, heads=self.heads)

    def gate(
        self, nodes: Float[Tensor, "N D"], offered: Float[Tensor, "N H C"], edges: Int[Tensor, "2 M"]
    ) -> Float[Tensor, "N H"]:
        told = offered.flatten(1)
        count = told.new_zeros(len(nodes)).index_add(0, edges[1], torch.ones_like(edges[1], dtype=told.dtype))
        total = torch.zeros_like(told).index_add(0, edges[1], told[edges[0]])
        mean = total / count.clamp(min=1)[:, None]
        return self.opening(torch.cat([nodes.to(mean.dtype), mean], dim=-1)).sigmoid()
