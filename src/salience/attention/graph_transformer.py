"""Dot-product attention along the edges of a graph (Shi et al. 2021).

Legend: N nodes, M edges, H heads, D width, C channels of a head (D / H), G features of edges.
"""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.attention.graph import Graph, dot_scores


class GraphTransformer(Graph):
    r"""A softmax over the edges of each node, whose score is the scaled dot product of query and key.

    Idea: `MultiHead`, with the graph in place of all pairs; what a node looks for, what it is found by and what it
    tells are three projections.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_{s \to t}\,(U^h q_t + b^h) \cdot K^h s_s / \sqrt{C},\ y_t =
    [\sum_{s \to t} a^h_{ts} W^h s_s]_h`. A node without edges gives zeros. Where edges have features :math:`f_{ts}`,
    :math:`E^h f_{ts}` is added to the key and to what is told, as in the paper.

    Cost: O(N D^2 + M D) time, O((N + M) D) memory, for N nodes and M edges in all.

    Works badly when: what matters is more edges away than there are layers; `MultiHead` sees all nodes.

    Reference: Shi et al. 2021, "Masked Label Prediction: Unified Message Passing Model for Semi-Supervised
    Classification", section 3.1.

    Args:
        heads: number of heads; divides the width.
        self_loops: whether a node without an edge to itself gets one. Not needed where the layer adds its input to its
            output. The record keeps such loops apart from the edges.
        dropout: share of the weights dropped in training; the record tells them all.
        edge_features: how many numbers each edge has that are read with its source. Loops that are added have zeros.

    Raises:
        ConfigError: heads do not divide the width, or a dropout that is no share.
        DataError: the layout has no edges, one that does not join two real positions of one example, or not so many
            numbers for each.

    Nodes (0, 0), (1, 2) and (3, 4), edges from the latter two to the first, which looks for (1, 0) times the root of
    two: the scores are 1 and 3, so that the second edge gets 1 / (1 + exp(-2)) = 0.88080.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> mechanism = GraphTransformer(2, heads=1)
    >>> _ = nn.init.eye_(mechanism.key.weight), nn.init.zeros_(mechanism.query.weight)
    >>> _ = mechanism.query.bias.data.copy_(torch.tensor([2**0.5, 0.0]))
    >>> layout = Layout(torch.tensor([3]), size=3, edges=torch.tensor([[1, 2], [0, 0]]))
    >>> _, record = mechanism(torch.tensor([[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]]), layout=layout)
    >>> print(record.edge_weights().detach())
    tensor([[0.1192, 0.8808]])
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int = 4,
        self_loops: bool = False,
        dropout: float = 0.0,
        edge_features: int = 0,
    ) -> None:
        super().__init__(width, heads=heads, self_loops=self_loops, dropout=dropout, edge_features=edge_features)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        for each in (self.query.weight, self.key.weight):
            nn.init.xavier_uniform_(each)
        nn.init.zeros_(self.query.bias)

    def score(
        self,
        nodes: Float[Tensor, "N D"],
        _offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        _kinds: Int[Tensor, "M"] | None,
        along: Float[Tensor, "M H C"] | None,
    ) -> Float[Tensor, "M H"]:
        wanted = self.query(nodes)
        scores = dot_scores(wanted, self.key(nodes), edges, heads=self.heads)
        if along is None:
            return scores
        asking = wanted.unflatten(-1, (self.heads, -1))[edges[1]]  # [M, H, C]
        return scores + (asking * along).sum(-1) / along.shape[-1] ** 0.5

    def told(
        self,
        offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        along: Float[Tensor, "M H C"] | None,
    ) -> Float[Tensor, "M H C"]:
        sent = offered[edges[0]]
        return sent if along is None else sent + along
