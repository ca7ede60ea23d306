"""What a model reads of a graph: an example that is cut out when it is first looked at, and its units.

Legend: S positions (nodes), M messages, U units, K asked nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np
from jaxtyping import Bool, Int

from salience.core.batch import Example, Links
from salience.core.errors import DataError
from salience.core.place import Edge, Node, Unit
from salience.data.graph import Graph, NodeView, PairView
from salience.data.graph_cut import ADDED, Cut
from salience.data.graph_features import BARE, BLANK

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
        numbers = None if graph is None or graph.edge_features is None else cut.edge
        return places, Links(np.stack([cut.source, cut.target]), owner, asked, kinds_of(graph, cut.edge), numbers)

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
    return Unit(column, f"{source} {arrow} {target}", Edge(source, target, number=graph.row_of(number)))


def shortened(example: Example, removed: Collection[int], *, nothing: Example) -> Example:
    """The example without some nodes, with their edges, and without some edges; `nothing` is what is left of all.

    Raises:
        DataError: an index that is no unit of this example.
    """
    gone = _marked(example, removed)
    if gone[:-1].all():
        return nothing if len(gone) > 1 else example
    links = links_of(example)
    absent = gone[example.owner]
    stays = ~absent
    stays[links.asked] = True
    kept = ~gone[links.owner] & stays[links.edges].all(0)
    return Example(
        example.cell,
        np.where(absent, BARE, example.values)[stays],
        example.places[~gone[:-1]],
        _renumbered(~gone)[np.where(absent, -1, example.owner)[stays]],
        links=_kept(links, stays, kept, _renumbered(~gone)),
    )


def blanked(example: Example, hidden: Collection[int]) -> Example:
    """The example with average features at some nodes, and with some edges coming from an average node beside it.

    Raises:
        DataError: an index that is no unit of this example.
    """
    gone = _marked(example, hidden)
    links = links_of(example)
    values = np.where(gone[example.owner], BLANK, example.values)
    redirected = gone[links.owner]
    if not redirected.any():
        return Example(example.cell, values, example.places, example.owner, links=links)
    source = np.where(redirected, len(values), links.edges[0])
    numbers = None if links.numbers is None else np.where(redirected, ADDED, links.numbers)
    return Example(
        example.cell,
        np.append(values, BLANK),
        example.places,
        np.append(example.owner, -1),
        links=replace(links, edges=np.stack([source, links.edges[1]]), numbers=numbers),
    )


def _marked(example: Example, units: Collection[int]) -> Bool[np.ndarray, "U1"]:
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


def _kept(
    links: Links, stays: Bool[np.ndarray, "S"], kept: Bool[np.ndarray, "M"], number: Int[np.ndarray, "U1"]
) -> Links:
    """The links among positions that stay, with new numbers for positions and units."""
    position = np.cumsum(stays) - 1
    kinds, numbers = (None if each is None else each[kept] for each in (links.kinds, links.numbers))
    return Links(position[links.edges[:, kept]], number[links.owner[kept]], position[links.asked], kinds, numbers)


def _renumbered(left: Bool[np.ndarray, "U1"]) -> Int[np.ndarray, "U1"]:
    """The new number of each unit that is left; the last place is for the owner -1, and stays."""
    number = np.cumsum(left) - 1
    number[-1] = -1
    return number
