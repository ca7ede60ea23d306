"""What graph attention mechanisms have in common: each node looks along its edges only, by a softmax over them.

Legend: B examples, S positions, N nodes (B S), M edges, H heads, D width, C channels of a head (D / H), G features of
edges.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention.heads import check_heads
from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from salience.core.record import Attention
from salience.kernels import segment
from salience.kernels.edges import Edges
from salience.kernels.masks import blank


class Graph(nn.Module, ABC):
    r"""Mixes the projected sources of each node's edges: :math:`y_t = [\sum_{s \to t} a^h_{ts} W^h s_s]_h`.

    A subclass gives `score`; one that reads what is known of edges takes `edge_features`. Nothing of size N x N is
    made.
    """

    among_themselves: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("edges",)

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
        super().__init__()
        check_heads(self, width, heads)
        if not 0 <= dropout < 1:
            raise ConfigError(f"dropout must be at least 0 and below 1, got {dropout}", where=type(self).__name__)
        self.heads = heads
        self.self_loops = self_loops
        self.dropout = nn.Dropout(dropout)
        self.source = nn.Linear(width, width, bias=False) if project else nn.Identity()
        if isinstance(self.source, nn.Linear):
            nn.init.xavier_uniform_(self.source.weight)
        self.edge = nn.Linear(edge_features, width, bias=False) if edge_features else None
        if self.edge is not None:
            nn.init.xavier_uniform_(self.edge.weight)

    @abstractmethod
    def score(
        self,
        nodes: Float[Tensor, "N D"],
        offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        kinds: Int[Tensor, "M"] | None,
        along: Float[Tensor, "M H C"] | None,
    ) -> Float[Tensor, "M H"]:
        """How much the query of each edge wants its source: any real number. `offered` are the projected sources.

        `kinds` are those of the edges, where the layout tells them and the mechanism adds no loops; `along` are their
        projected features, where the mechanism reads them.
        """

    def told(
        self,
        offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        along: Float[Tensor, "M H C"] | None,  # noqa: ARG002
    ) -> Float[Tensor, "M H C"]:
        """What goes along each edge: the projected source."""
        return offered[edges[0]]

    def gate(
        self,
        nodes: Float[Tensor, "N D"],  # noqa: ARG002
        offered: Float[Tensor, "N H C"],  # noqa: ARG002
        edges: Int[Tensor, "2 M"],  # noqa: ARG002
    ) -> Float[Tensor, "N H"] | None:
        """How much of each head each query lets in, from 0 to 1; None for all of it."""
        return None

    def forward(
        self,
        query: Float[Tensor, "B S D"],
        source: Float[Tensor, "B S2 D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B S D"], Attention]:
        only_among_themselves(self, source, query_layout)
        nodes = blank(query, layout).flatten(0, 1)
        edges, seen = self.messages(layout)
        offered = self._offered(nodes)
        kinds = None if self.self_loops else layout.kinds
        along = self._along(layout, edges.shape[1])
        score = self.score(nodes, offered, edges, kinds, along)
        weights = segment.softmax(score, edges[1], segments=len(nodes), seen=seen)
        gate = self.gate(nodes, offered, edges)
        if gate is not None:
            weights = weights * gate[edges[1]].to(weights.dtype)
        record = self._record(weights, layout)
        record.normalised = gate is None
        return self._mixed(weights, offered, edges, along, layout).view(query.shape), record

    def messages(self, layout: Layout) -> tuple[Int[Tensor, "2 M"], Bool[Tensor, "M"] | None]:
        """Who is told by whom, and which of that is real (None for all): the edges and, with `self_loops`, a loop for
        each position.

        Raises:
            DataError: the layout has no edges, or one that does not join two real positions of one example.
        """
        edges = _checked_edges(layout, where=f"{type(self).__name__} attention")
        return _with_loops(edges, layout) if self.self_loops else (edges, None)

    def remix(
        self, weights: Float[Tensor, "M H"], nodes: Float[Tensor, "B S D"], *, layout: Layout
    ) -> Float[Tensor, "B S D"]:
        """What comes out under other weights than its own, one for each of the `messages`; zero for those not real."""
        edges, _ = self.messages(layout)
        offered, along = self._offered(blank(nodes, layout).flatten(0, 1)), self._along(layout, edges.shape[1])
        return self._mixed(weights, offered, edges, along, layout).view(nodes.shape)

    def _offered(self, nodes: Float[Tensor, "N D"]) -> Float[Tensor, "N H C"]:
        return self.source(nodes).unflatten(-1, (self.heads, -1))

    def _mixed(
        self,
        weights: Float[Tensor, "M H"],
        offered: Float[Tensor, "N H C"],
        edges: Int[Tensor, "2 M"],
        along: Float[Tensor, "M H C"] | None,
        layout: Layout,
    ) -> Float[Tensor, "N D"]:
        if layout.strength is not None:
            # Loops that the mechanism adds arrive as they are.
            strength = F.pad(layout.strength, (0, len(weights) - len(layout.strength)), value=1.0)
            weights = weights * strength[:, None].to(weights.dtype)
        # Many small parts are summed: not in half precision. The record tells weights, not which were dropped.
        parts = self.told(offered, edges, along).to(weights.dtype) * self.dropout(weights)[..., None]
        return parts.new_zeros(offered.shape).index_add(0, edges[1], parts).flatten(1).to(offered.dtype)

    def extra_repr(self) -> str:
        return f"heads={self.heads}, self_loops={self.self_loops}, dropout={self.dropout.p}"

    def _along(self, layout: Layout, count: int) -> Float[Tensor, "M H C"] | None:
        """The projected features of edges; loops that the mechanism adds have none, and stand last.

        Raises:
            DataError: the layout has no such features, or others than so many.
        """
        if self.edge is None:
            return None
        given, wanted = layout.edge_features, self.edge.in_features
        if given is None or given.shape[1] != wanted:
            found = "none" if given is None else str(given.shape[1])
            raise DataError(
                f"{type(self).__name__} attention reads {wanted} features of each edge, and the layout has {found}",
                fix="give Layout(..., edge_features=...), [E, G] in the order of its edges",
            )
        projected = self.edge(given)
        return nn.functional.pad(projected, (0, 0, 0, count - len(projected))).unflatten(-1, (self.heads, -1))

    def _record(self, weights: Float[Tensor, "M H"], layout: Layout) -> Edges:
        assert layout.edges is not None
        count = layout.edges.shape[1]
        loops = None
        if self.self_loops:
            loops = weights[count:].view(len(layout.lengths), layout.size, self.heads)
        return Edges(weights[:count], layout, loops=loops)


def _with_loops(edges: Int[Tensor, "2 E"], layout: Layout) -> tuple[Int[Tensor, "2 M"], Bool[Tensor, "M"]]:
    """The edges and a loop for each position; seen are the edges, and the loops of real nodes that have none yet."""
    own = torch.arange(len(layout.lengths) * layout.size, device=edges.device)
    looped = torch.zeros_like(own).index_add(0, edges[1], (edges[0] == edges[1]).to(own.dtype)) > 0
    needed = layout.mask.flatten() & ~looped
    every = torch.ones(edges.shape[1], dtype=torch.bool, device=edges.device)
    return torch.cat([edges, own.expand(2, -1)], dim=1), torch.cat([every, needed])


def _checked_edges(layout: Layout, *, where: str) -> Int[Tensor, "2 E"]:
    edges = layout.edges
    if edges is None:
        raise DataError(
            f"{where} needs the edges of a graph, and the layout has none",
            where=f"a layout of {len(layout.lengths)} examples of {layout.size} positions",
            fix="give Layout(..., edges=...), [2, E] from source to query; no edges at all are [2, 0]",
        )
    # A compiled graph cannot look at numbers.
    if not torch.compiler.is_compiling():
        _check_ends(edges, layout, where=where)
    return edges


def _check_ends(edges: Int[Tensor, "2 E"], layout: Layout, *, where: str) -> None:
    size = max(1, layout.size)
    real = torch.cat([layout.mask.flatten(), layout.mask.new_zeros(1)])
    outside = (edges < 0) | (edges >= len(real) - 1)
    padded = ~real[torch.where(outside, len(real) - 1, edges)]
    wrong = padded.any(dim=0) | (edges[0] // size != edges[1] // size)
    if wrong.any():
        number = int(wrong.nonzero()[0, 0])
        source, query = edges[:, number].tolist()
        raise DataError(
            f"edge {number} from {source} to {query} does not join two real positions of one example",
            where=f"{where}, {len(layout.lengths)} examples of {layout.size} positions",
            fix="count positions through the batch: example * size + position, with position below its length",
        )


def dot_scores(
    wanted: Float[Tensor, "N D"], found: Float[Tensor, "N D"], edges: Int[Tensor, "2 M"], *, heads: int
) -> Float[Tensor, "M H"]:
    r"""The scaled dot product of the query and the key of each edge: :math:`q_t \cdot k_s / \sqrt C`."""
    queries, keys = (each.unflatten(-1, (heads, -1)) for each in (wanted, found))  # [N, H, C]
    return (queries[edges[1]] * keys[edges[0]]).sum(-1) / queries.shape[-1] ** 0.5
