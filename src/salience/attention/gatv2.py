"""Graph attention whose score reads query and source together (Brody et al. 2022).

Legend: N nodes, M edges, H heads, D width, C channels of a head (D / H), G features of edges.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention.graph import Graph


class GATv2(Graph):
    r"""A softmax over the edges of each node, whose score is a small network of query and source.

    Idea: `GAT` with its last two steps swapped; the bend stands between query and source, so that each query can have
    an order of sources of its own.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_{s \to t}\,v^h \cdot \mathrm{LeakyReLU}_{0.2}(U^h q_t + b^h + W^h
    s_s),\ y_t = [\sum_{s \to t} a^h_{ts} W^h s_s]_h`. A node without edges gives zeros. Where edges have features
    :math:`f_{ts}`, :math:`E^h f_{ts}` is added before the bend, as in the authors' implementation.

    Cost: O(N D^2 + M D) time, O((N + M) D) memory, for N nodes and M edges in all.

    Works badly when: what matters is more edges away than there are layers, or the edges say nothing about what
    matters; `MultiHead` sees all nodes.

    Reference: Brody, Alon and Yahav 2022, "How Attentive are Graph Attention Networks?", section 3.2.

    Args:
        heads: number of heads; divides the width.
        self_loops: whether a node without an edge to itself gets one, as in the paper. Not needed where the layer adds
            its input to its output. The record keeps such loops apart from the edges.
        dropout: share of the weights dropped in training; the record tells them all.
        project: whether W is learned. Without it W changes nothing, as where what is read comes out of a linear map
            already, or goes into one.
        edge_features: how many numbers each edge has that its score depends on. Loops that are added have zeros.

    Raises:
        ConfigError: heads do not divide the width, or a dropout that is no share.
        DataError: the layout has no edges, one that does not join two real positions of one example, or not so many
            numbers for each.

    Nodes (0, 0), (1, 2) and (3, 4), edges from the latter two to the first, W that changes nothing, U = 0, and
    v = (1, 0): the scores are 1 and 3, so that the second edge gets 1 / (1 + exp(-2)) = 0.88080.

    >>> from salience.core.batch import Layout
    >>> mechanism = GATv2(2, heads=1)
    >>> _ = nn.init.eye_(mechanism.source.weight), nn.init.zeros_(mechanism.query.weight)
    >>> _ = mechanism.v.data.copy_(torch.tensor([[1.0, 0.0]]))
    >>> layout = Layout(torch.tensor([3]), size=3, edges=torch.tensor([[1, 2], [0, 0]]))
    >>> output, record = mechanism(torch.tensor([[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]]), layout=layout)
    >>> print(record.edge_weights().detach())
    tensor([[0.1192, 0.8808]])
    >>> print(output[0, 0].detach())
    tensor([2.7616, 3.7616])
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int = 4,
        self_loops: bool = False,
        dropout: float = 0.0,
        project: bool = True,
        edge_features: int = 0,
    ) -> None:
        super().__init__(
            width,
            heads=heads,
            self_loops=self_loops,
            dropout=dropout,
            project=project,
            edge_features=edge_features,
        )
        self.query = nn.Linear(width, width)
        self.v = nn.Parameter(torch.empty(heads, width // heads))
        for each in (self.query.weight, self.v):
            nn.init.xavier_uniform_(each)
        nn.init.zeros_(self.query.bias)

    def score(
        self,
        nodes: Float[Tensor, "N D"],
        offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        _kinds: Int[Tensor, "M"] | None,
        along: Float[Tensor, "M H C"] | None,
    ) -> Float[Tensor, "M H"]:
        wanted = self.query(nodes).unflatten(-1, (self.heads, -1))  # [N, H, C]
        met = offered[edges[0]] + wanted[edges[1]]
        return (F.leaky_relu(met if along is None else met + along, 0.2) * self.v).sum(-1)
