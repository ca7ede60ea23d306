"""How far answers about nodes look: which part of a graph is cut out, for one question or for many at once.

Legend: K asked nodes, A messages of the graph, E edges.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from salience.data.graph import Graph, PairView
from salience.data.graph_cut import Cut, around, whole
from salience.data.graph_example import Cell

# Unions that are held: those of train, validation and test.
KEPT = 3


class Reach:
    """Cuts graphs; see `Graph` of `salience.data.modalities` for its options."""

    def __init__(self, *, hops: int, self_loops: bool, fan_out: int | None) -> None:
        self.hops = hops
        self.self_loops = self_loops
        self.fan_out = fan_out
        self._keys: tuple[Graph, Float[np.ndarray, "A"]] | None = None
        # The union of the last sets of asked nodes: each epoch asks for the same ones again.
        self._unions: dict[tuple[int, bytes], tuple[Graph, Cut]] = {}

    def cut(self, cell: Cell) -> Cut:
        """The part of the graph that an answer about a cell can depend on.

        An edge between two nodes that are asked about together is no part of it: it would give the answer away.
        """
        if isinstance(cell, Graph):
            return whole(cell, self_loops=self.self_loops)
        return self._around(cell.graph, cell.asked, None, hidden=hidden(cell))

    def union(self, graph: Graph, wanted: Int[np.ndarray, "K"], chance: np.random.Generator | None) -> Cut:
        """The part that answers about all these nodes can depend on; with a `fan_out`, `chance` draws messages anew."""
        if chance is not None and self.fan_out is not None:
            return self._around(graph, wanted, chance)
        key = (id(graph), wanted.tobytes())
        if key not in self._unions:
            if len(self._unions) >= KEPT:
                self._unions.pop(next(iter(self._unions)))
            # The graph itself is held, so that its number is not given to another one.
            self._unions[key] = graph, self._around(graph, wanted, None)
        return self._unions[key][1]

    def _around(
        self,
        graph: Graph,
        asked: Sequence[int] | Int[np.ndarray, "K"],
        chance: np.random.Generator | None,
        hidden: Int[np.ndarray, "_"] | None = None,
    ) -> Cut:
        keys = None
        if self.fan_out is not None:
            keys = self._held_keys(graph) if chance is None else chance.random(len(graph.messages.source))
        return around(
            graph, asked, hops=self.hops, self_loops=self.self_loops, most=self.fan_out, keys=keys, hidden=hidden
        )

    def _held_keys(self, graph: Graph) -> Float[np.ndarray, "A"]:
        """The draw of messages that stays the same, so that an answer and its explanation are about the same ones."""
        if self._keys is None or self._keys[0] is not graph:
            self._keys = graph, np.random.default_rng(0).random(len(graph.messages.source))
        return self._keys[1]


def hidden(cell: Cell) -> Int[np.ndarray, "_"]:
    """The edges that an answer about a cell must not see: those between the nodes of a pair."""
    if isinstance(cell, PairView):
        return cell.graph.edges_between(cell.first, cell.second)
    return np.zeros(0, dtype=np.int64)
