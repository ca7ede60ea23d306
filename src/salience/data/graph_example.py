"""What a model reads of a graph: an example that is cut out when it is first looked at, and its units.

Legend: S positions (nodes), M messages, U units, K asked nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from typing import cast

import numpy as np
from jaxtyping import Bool, Int

from salience.core.batch import Example, Links
from salience.core.errors import DataError
from salience.core.place import Edge, Node, Unit
from salience.data.graph import Graph, NodeView, PairView
from salience.data.graph_cut import ADDED, Cut

Cell = NodeView | PairView | Graph
# What a unit is, in the first column of `places`: a node, an edge of the user's, a loop that was added. The second
# column is the number of the node or edge in the graph.
NODE, EDGE, LOOP = 0, 1, 2


class Neighbourhood(Example):
    """An unaltered example, which takes no memory until one of its parts is looked at."""

    cell: Cell
    _make: Callable[[Cell], Cut]

    def __init__(self, cell: Cell, cut: Callable[[Cell], Cut]) -> None:
        object.__setattr__(self, "cell", cell)
        object.__setattr__(self, "groups", None)
        object.__setattr__(self, "_make", cut)

    @cached_property
    def _cut(self) -> Cut:
        return self._make(self.cell)

    @cached_property
    def values(self) -> Int[np.ndarray, "S"]:
        return self._cut.nodes

    @cached_property
    def owner(self) -> Int[np.ndarray, "S"]:
        return np.arange(len(self._cut.nodes))

    @cached_property
    def places(self) -> Int[np.ndarray, "U 2"]:
        return self._parts[0]

    @cached_property
    def links(self) -> Links:
        return self._parts[1]

    @cached_property
    def _parts(self) -> tuple[Int[np.ndarray, "U 2"], Links]:
        cut, graph = self._cut, graph_of(self)
        added = cut.edge == ADDED
        edges, which = np.unique(cut.edge[~added], return_inverse=True)
        owner = np.empty(len(cut.edge), dtype=np.int64)
        owner[~added] = len(cut.nodes) + which
        owner[added] = len(cut.nodes) + len(edges) + np.arange(added.sum())
        places = np.concatenate(
            [
                _places(NODE, cut.nodes),
                _places(EDGE, edges),
                _places(LOOP, cut.nodes[cut.target[added]]),
            ]
        )
        asked = np.array([] if isinstance(self.cell, Graph) else _asked(self.cell.asked), dtype=np.int64)
        return places, Links(np.stack([cut.source, cut.target]), owner, asked, kinds_of(graph, cut.edge))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.cell, self._make)


def graph_of(example: Example) -> Graph | None:
    """The graph an example was cut out of; None for a missing cell."""
    cell = example.cell
    return cell.graph if isinstance(cell, NodeView | PairView) else cast(Graph | None, cell)


def kinds_of(graph: Graph | None, edge: Int[np.ndarray, "M"]) -> Int[np.ndarray, "M"] | None:
    """The kind of each message, where edges have kinds; loops that were added are of a kind of their own, the last."""
    if graph is None or graph.kinds is None:
        return None
    return np.append(graph.kinds, len(graph.kind_names))[edge]


def unit(graph: Graph, column: str, kind: int, number: int) -> Unit:
    """A node or an edge as the user wrote it."""
    if kind == NODE:
        return Unit(column, str(graph.ids[number]), Node(graph.ids[number]))
    if kind == LOOP:
        name = graph.ids[number]
        return Unit(column, f"{name} -> {name} (added)", Edge(name, name, number=None, added=True))
    source, target = (graph.ids[end] for end in graph.edges[:, number].tolist())
    arrow = "->" if graph.directed else "-"
    return Unit(column, f"{source} {arrow} {target}", Edge(source, target, number=number))


def marked(example: Example, units: Collection[int]) -> Bool[np.ndarray, "U1"]:
    """Which units are meant, and one place more that never is, for the owner -1.

    Raises:
        DataError: an index that is no unit of this example.
    """
    count = len(example.places)
    index = np.fromiter(units, dtype=np.int64, count=len(units))
    if len(index) and (index.min() < 0 or index.max() >= count):
        raise DataError(f"expected units from 0 to {count - 1}, got {index.min()} to {index.max()}")
    found = np.zeros(count + 1, dtype=bool)
    found[index] = True
    return found


def links_of(example: Example) -> Links:
    assert example.links is not None
    return example.links


def _places(kind: int, numbers: Int[np.ndarray, "n"]) -> Int[np.ndarray, "n 2"]:
    return np.stack([np.full(len(numbers), kind), numbers], axis=1)


def _asked(nodes: tuple[int, ...]) -> list[int]:
    """Their places: a cut has the asked nodes first, each once."""
    order = list(dict.fromkeys(nodes))
    return [order.index(node) for node in nodes]
