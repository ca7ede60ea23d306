"""The part of a graph that an answer can depend on: the asked nodes and all that reaches them in so many steps.

Legend: N nodes of the graph, S nodes of the part, M messages of the part, K asked nodes, A messages of the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from salience.data.graph import Graph, Messages

# The owner of a loop that the user's edge table does not have.
ADDED = -1


@dataclass(frozen=True)
class Cut:
    """A part of a graph. Its nodes are counted anew from 0, the asked ones first."""

    nodes: Int[np.ndarray, "S"]  # their numbers in the graph
    source: Int[np.ndarray, "M"]  # places in `nodes`
    target: Int[np.ndarray, "M"]
    edge: Int[np.ndarray, "M"]  # the edge each message goes along, ADDED for a loop that was added

    def drawn(self, asked: int, drop: float, chance: np.random.Generator) -> Int[np.ndarray, "n"]:
        """The messages that are left when nodes, the first `asked` aside, and edges are each left out by chance."""
        node = chance.random(len(self.nodes)) >= drop
        node[:asked] = True
        edges, which = np.unique(self.edge, return_inverse=True)
        along = (chance.random(len(edges)) >= drop)[which]
        # Added loops have no edge in common; each is drawn by itself.
        along = np.where(self.edge == ADDED, chance.random(len(self.edge)) >= drop, along)
        return np.flatnonzero(along & node[self.source] & node[self.target])


def around(
    graph: Graph,
    asked: Sequence[int] | Int[np.ndarray, "K"],
    *,
    hops: int,
    self_loops: bool,
    most: int | None = None,
    keys: Float[np.ndarray, "A"] | None = None,
    hidden: Int[np.ndarray, "_"] | None = None,
) -> Cut:
    """Everything that `hops` layers of looking along edges can tell the asked nodes.

    Messages to the outermost nodes are left out, because no layer is left to pass them on.

    Args:
        self_loops: add a message to itself to each node that has none.
        most: messages kept to a node, those with the smallest `keys`; all by default.
        keys: a number for each of all messages of the graph.
        hidden: edges that are not there to look along.
    """
    messages = graph.messages
    place = np.full(graph.num_nodes, -1, dtype=np.int64)
    nodes = [np.array(list(dict.fromkeys(np.asarray(asked).tolist())), dtype=np.int64)]
    place[nodes[0]] = np.arange(len(nodes[0]))
    count, picked, told = len(nodes[0]), [], []
    for _ in range(hops):
        chosen = messages.to(nodes[-1])
        if hidden is not None and len(hidden):
            chosen = chosen[~np.isin(messages.edge[chosen], hidden)]
        if most is not None and keys is not None:
            chosen = _smallest(chosen, messages, keys, most)
        picked.append(chosen)
        told.append(nodes[-1])
        sources = messages.source[chosen]
        fresh = np.unique(sources[place[sources] < 0])
        place[fresh] = count + np.arange(len(fresh))
        count += len(fresh)
        nodes.append(fresh)
    chosen = np.concatenate(picked) if picked else np.zeros(0, dtype=np.int64)
    own = nodes[0][:0]
    if self_loops and told:
        looped = messages.looped
        if hidden is not None and len(hidden):
            # Loops of the user's that are hidden leave room for one that is added.
            looped = looped.copy()
            looped[graph.edges[1, hidden]] &= graph.edges[0, hidden] != graph.edges[1, hidden]
        own = _loops(np.concatenate(told), looped)
    return Cut(
        np.concatenate(nodes),
        place[np.concatenate([messages.source[chosen], own])],
        place[np.concatenate([messages.target[chosen], own])],
        np.concatenate([messages.edge[chosen], np.full(len(own), ADDED)]),
    )


def whole(graph: Graph, *, self_loops: bool) -> Cut:
    """All of a graph, its nodes in their order."""
    nodes, messages = np.arange(graph.num_nodes), graph.messages
    own = _loops(nodes, messages.looped) if self_loops else nodes[:0]
    return Cut(
        nodes,
        np.concatenate([messages.source, own]),
        np.concatenate([messages.target, own]),
        np.concatenate([messages.edge, np.full(len(own), ADDED)]),
    )


def _loops(nodes: Int[np.ndarray, "n"], looped: Bool[np.ndarray, "N"]) -> Int[np.ndarray, "m"]:
    """Those of the nodes that do not tell themselves already."""
    return nodes[~looped[nodes]]


def _smallest(
    chosen: Int[np.ndarray, "m"], messages: Messages, keys: Float[np.ndarray, "A"], most: int
) -> Int[np.ndarray, "n"]:
    """Of the messages to each node, the `most` with the smallest keys, in the order they came in."""
    target = messages.target[chosen]
    order = np.lexsort((keys[chosen], target))
    ordered = target[order]
    first = np.searchsorted(ordered, ordered)
    kept = np.sort(order[np.arange(len(order)) - first < most])
    return chosen[kept]
