"""A graph as its owner wrote it: nodes with their ids and features, and edges in their order, none merged or dropped.

Legend: N nodes, F features, E edges, G features of edges, M messages (an edge without a direction carries two).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Int

from salience.core.errors import DataError, did_you_mean
from salience.data.graph_columns import Columns

#: Numbers of nodes, [N, F]: a dense array or a scipy.sparse.csr_array.
Features: TypeAlias = Any


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes and edges. What looks at a node looks at its sources: an edge tells its target of its source.

    Args:
        ids: the name of each node, all texts or all whole numbers, none twice.
        features: a row of numbers for each node, dense or sparse; none may be missing.
        edges: the numbers of source and target of each edge, in the order of the edge table. An edge may stand there
            twice, or lead from a node to itself; both are kept.
        directed: whether an edge tells its target only. Otherwise each of its ends learns of the other.
        kinds: the kind of each edge, if there are several: a number from 0, the place of its name in `kind_names`.
        names: the name of each feature.
        edge_features: a row of numbers for each edge; none may be missing. None where edges have no numbers.
        edge_names: the name of each of these numbers.
        edge_rows: the row of each edge in the edge table, counted from 0, where they are not all of it.
        columns: how both tables were read, if it came from tables; other tables can be read alike.

    Raises:
        DataError: there is no node, an id stands twice or is of another type, an edge leads to a node that is not
            there, or a feature of a node or an edge is missing.

    >>> graph = Graph(["a", "b", "c"], np.eye(3), np.array([[0, 1], [1, 2]]))
    >>> graph.at(["c"])[0].id, graph.num_edges
    ('c', 2)
    """

    ids: Sequence[str | int]
    features: Features
    edges: Int[np.ndarray, "2 E"]
    directed: bool = True
    kinds: Int[np.ndarray, "E"] | None = None
    kind_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    edge_features: Float[np.ndarray, "E G"] | None = None
    edge_names: tuple[str, ...] = ()
    edge_rows: Int[np.ndarray, "E"] | None = None
    columns: Columns | None = None
    source: str = "the graph"

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", _plain(self.ids))
        object.__setattr__(self, "edges", np.asarray(self.edges, dtype=np.int64).reshape(2, -1))
        _check_ids(self.ids, self.source)
        _check_features(self)
        _check_edges(self)

    @property
    def num_nodes(self) -> int:
        return len(self.ids)

    @property
    def num_edges(self) -> int:
        return self.edges.shape[1]

    @property
    def num_features(self) -> int:
        return self.features.shape[1]

    def __repr__(self) -> str:
        return f"Graph of {self.num_nodes:,} nodes and {self.num_edges:,} edges"

    def number(self, node: str | int) -> int:
        """The number of the node of this id.

        Raises:
            DataError: there is none.
        """
        try:
            return self._numbers[node]
        except (KeyError, TypeError):
            known = [str(each) for each in self.ids[:10_000]]
            raise DataError(
                f"there is no node {node!r}", where=self.source, fix=did_you_mean(str(node), known)
            ) from None

    def at(self, nodes: Sequence[str | int]) -> list[NodeView]:
        """The nodes of these ids, as cells of a table of nodes."""
        return [NodeView(self, self.number(each)) for each in nodes]

    def between(self, pairs: Sequence[tuple[str | int, str | int]]) -> list[PairView]:
        """Pairs of nodes, as cells of a table of possible edges."""
        return [PairView(self, self.number(source), self.number(target)) for source, target in pairs]

    def without_edges(self, numbers: Int[np.ndarray, "_"]) -> Graph:
        """The same nodes without the edges of these numbers."""
        kept = np.setdiff1d(np.arange(self.num_edges), numbers)
        kinds = None if self.kinds is None else self.kinds[kept]
        features = None if self.edge_features is None else self.edge_features[kept]
        rows = kept if self.edge_rows is None else self.edge_rows[kept]
        return replace(self, edges=self.edges[:, kept], kinds=kinds, edge_features=features, edge_rows=rows)

    def row_of(self, edge: int) -> int:
        """The row of an edge in the user's edge table, counted from 0."""
        return edge if self.edge_rows is None else int(self.edge_rows[edge])

    def edges_between(self, first: int, second: int) -> Int[np.ndarray, "_"]:
        """The numbers of the edges that join two nodes, in either direction."""
        keys, order = self._sorted_pairs
        key = min(first, second) * self.num_nodes + max(first, second)
        return np.sort(order[np.searchsorted(keys, key, side="left") : np.searchsorted(keys, key, side="right")])

    @cached_property
    def _numbers(self) -> dict[str | int, int]:
        return {node: number for number, node in enumerate(self.ids)}

    @cached_property
    def _sorted_pairs(self) -> tuple[Int[np.ndarray, "E"], Int[np.ndarray, "E"]]:
        """The unordered pair of each edge as one number, ascending, and the edges in that order."""
        ends = np.sort(self.edges, axis=0)
        keys = ends[0] * self.num_nodes + ends[1]
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    @cached_property
    def messages(self) -> Messages:
        """What each node is told along its edges."""
        return Messages.of(self.edges, self.num_nodes, directed=self.directed)


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node of a graph, and with it all that can be reached from it: a cell that takes no memory of its own."""

    graph: Graph
    number: int

    @property
    def id(self) -> str | int:
        return self.graph.ids[self.number]

    @property
    def asked(self) -> tuple[int, ...]:
        return (self.number,)

    def __str__(self) -> str:
        return str(self.id)


@dataclass(frozen=True, slots=True)
class PairView:
    """Two nodes of a graph: is there an edge between them, or of what kind?"""

    graph: Graph
    first: int
    second: int

    @property
    def asked(self) -> tuple[int, ...]:
        return (self.first, self.second)

    def __str__(self) -> str:
        return f"{self.graph.ids[self.first]} - {self.graph.ids[self.second]}"


@dataclass(frozen=True, eq=False)
class Messages:
    """Messages sorted by the node they are told to, so that those of one node lie together.

    Message i comes from node `source[i]` along edge `edge[i]`; those to node n are `start[n]` to `start[n + 1]`.
    """

    start: Int[np.ndarray, "N1"]
    source: Int[np.ndarray, "M"]
    edge: Int[np.ndarray, "M"]
    target: Int[np.ndarray, "M"] = field(repr=False)

    @classmethod
    def of(cls, edges: Int[np.ndarray, "2 E"], nodes: int, *, directed: bool) -> Messages:
        """The messages of edges; without directions each end of an edge tells the other, once if they are the same."""
        number = np.arange(edges.shape[1])
        source, target = edges
        if not directed:
            back = source != target
            source, target = np.concatenate([source, target[back]]), np.concatenate([target, source[back]])
            number = np.concatenate([number, number[back]])
        order = np.argsort(target, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=nodes))])
        return cls(start, source[order], number[order], target[order])

    def to(self, nodes: Int[np.ndarray, "n"]) -> Int[np.ndarray, "m"]:
        """All messages to these nodes, node after node."""
        first, count = self.start[nodes], self.start[nodes + 1] - self.start[nodes]
        return np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())

    @cached_property
    def looped(self) -> Bool[np.ndarray, "N"]:
        """Which nodes tell themselves."""
        found = np.zeros(len(self.start) - 1, dtype=bool)
        found[self.target[self.source == self.target]] = True
        return found


def _plain(ids: Sequence[Any]) -> list[Any]:
    """Numpy's own numbers and texts as those of Python."""
    return [each.item() if isinstance(each, np.generic) else each for each in ids]


def _check_ids(ids: Sequence[Any], source: str) -> None:
    if not ids:
        raise DataError("the graph has no nodes", where=source, fix="give a node table with a row for each node")
    kinds = {type(each).__name__ for each in ids}
    if kinds != {"str"} and kinds != {"int"}:
        first = next(i for i, each in enumerate(ids) if type(each) is not type(ids[0]) or type(each) not in (str, int))
        raise DataError(
            f"ids of nodes must be all texts or all whole numbers, and these are {', '.join(sorted(kinds))}",
            where=f"{source}, node {first + 1}, {ids[first]!r}",
            fix="write all of them in one way, in the node table and in the edge table",
        )
    if len(set(ids)) < len(ids):
        twice = next(_twice(ids))
        raise DataError(
            f"the id {twice!r} stands in the node table more than once", where=source, fix="give each node one row"
        )


def _twice(ids: Sequence[Any]) -> Iterator[Any]:
    seen = set()
    for each in ids:
        if each in seen:
            yield each
        seen.add(each)


def _check_features(graph: Graph) -> None:
    features = graph.features
    if features.ndim != 2 or features.shape[0] != graph.num_nodes:
        raise DataError(
            f"expected a row of features for each of {graph.num_nodes:,} nodes, got the shape {features.shape}",
            where=graph.source,
        )
    broken = ~np.isfinite(features.data if scipy.sparse.issparse(features) else features)
    if broken.any():
        first = np.argwhere(broken)[0, 0]
        row = np.searchsorted(features.indptr, first, side="right") - 1 if scipy.sparse.issparse(features) else first
        raise DataError(
            "a feature is missing or infinite",
            where=f"{graph.source}, node {graph.ids[int(row)]!r}",
            fix="fill it in, and add a column that says so",
        )


def _check_edges(graph: Graph) -> None:
    wrong = ((graph.edges < 0) | (graph.edges >= graph.num_nodes)).any(0)
    if wrong.any():
        number = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"edge {number + 1} leads from node number {graph.edges[0, number]} to {graph.edges[1, number]}, and there "
            f"are {graph.num_nodes:,} nodes",
            where=graph.source,
            fix="take the edge out, or add its nodes",
        )
    if graph.kinds is not None and len(graph.kinds) != graph.num_edges:
        raise DataError(f"there are {graph.num_edges:,} edges and {len(graph.kinds):,} kinds", where=graph.source)
    if graph.edge_features is not None:
        _check_edge_features(graph, graph.edge_features)


def _check_edge_features(graph: Graph, features: Float[np.ndarray, "E G"]) -> None:
    if features.ndim != 2 or len(features) != graph.num_edges:
        raise DataError(
            f"expected a row of features for each of {graph.num_edges:,} edges, got the shape {features.shape}",
            where=graph.source,
        )
    broken = ~np.isfinite(features).all(1)
    if broken.any():
        number = int(np.flatnonzero(broken)[0])
        raise DataError(
            "a feature is missing or infinite",
            where=f"{graph.source}, edge {number + 1}",
            fix="fill it in, and add a column that says so",
        )
