"""Graph attention: each node looks along its edges, by a score of query and source apart (Velickovic et al. 2018).

Legend: N nodes, M edges, H heads, D width, C channels of a head (D / H).
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention.graph import Graph


class GAT(Graph):
    r"""A softmax over the edges of each node, whose score is a number of the query plus a number of the source.

    Idea: who may look at whom is known, it is the graph; how much is learned, for each edge.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_{s \to t}\,\mathrm{LeakyReLU}_{0.2}(b^h \cdot W^h q_t + c^h \cdot W^h
    s_s),\ y_t = [\sum_{s \to t} a^h_{ts} W^h s_s]_h`. A node without edges gives zeros.

    Cost: O(N D^2 + M D) time, O((N + M) D) memory, for N nodes and M edges in all.

    Works badly when: which source is best depends on the query. The two numbers only add, so that all queries prefer
    the same sources, in the same order; `GATv2` does not have this limit.

    Reference: Velickovic et al. 2018, "Graph Attention Networks", section 2.1.

    Args:
        heads: number of heads; divides the width.
        self_loops: whether a node without an edge to itself gets one, as in the paper. Not needed where the layer adds
            its input to its output. The record keeps such loops apart from the edges.
        dropout: share of the weights dropped in training; the record tells them all.
        project: whether W is learned. Without it W changes nothing, as where what is read comes out of a linear map
            already, or goes into one.

    Raises:
        ConfigError: heads do not divide the width, or a dropout that is no share.
        DataError: the layout has no edges, or one that does not join two real positions of one example.

    Nodes (0, 0), (1, 2) and (3, 4), edges from the latter two to the first, W that changes nothing, and c = (1, 0): the
    scores are 1 and 3, so that the second edge gets 1 / (1 + exp(-2)) = 0.88080.

    >>> from salience.core.batch import Layout
    >>> mechanism = GAT(2, heads=1)
    >>> _ = nn.init.eye_(mechanism.source.weight)
    >>> _ = mechanism.of_source.data.copy_(torch.tensor([[1.0, 0.0]]))
    >>> layout = Layout(torch.tensor([3]), size=3, edges=torch.tensor([[1, 2], [0, 0]]))
    >>> _, record = mechanism(torch.tensor([[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]]), layout=layout)
    >>> print(record.edge_weights().detach())
    tensor([[0.1192, 0.8808]])
    """

    def __init__(
        self, width: int, *, heads: int = 4, self_loops: bool = False, dropout: float = 0.0, project: bool = True
    ) -> None:
        super().__init__(width, heads=heads, self_loops=self_loops, dropout=dropout, project=project)
        self.of_query = nn.Parameter(torch.empty(heads, width // heads))
        self.of_source = nn.Parameter(torch.empty(heads, width // heads))
        for each in (self.of_query, self.of_source):
            nn.init.xavier_uniform_(each)

    def score(
        self,
        _nodes: Float[Tensor, "N D"],
        offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        _kinds: Int[Tensor, "M"] | None,
        _along: Float[Tensor, "M H C"] | None,
    ) -> Float[Tensor, "M H"]:
        wants, offers = (offered * self.of_query).sum(-1), (offered * self.of_source).sum(-1)  # [N, H]
        return F.leaky_relu(offers[edges[0]] + wants[edges[1]], 0.2)
