"""A graph out of a node table and an edge table, or many graphs out of tables that say which graph each row is of.

Legend: N nodes, F features, E edges.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from salience.core.errors import DataError, did_you_mean
from salience.data import table
from salience.data.fault import where
from salience.data.graph import Graph
from salience.data.graph_columns import Columns, kinds, learn, names_of, read, usual


def read_graph(
    nodes: Any,
    edges: Any,
    *,
    node: str,
    source: str = "source",
    target: str = "target",
    kind: str | None = None,
    directed: bool = True,
    features: Sequence[str] | None = None,
    edge_features: Sequence[str] = (),
    aside: Sequence[str] = (),
    columns: Columns | None = None,
) -> Graph:
    """Read a graph from two tables: CSV or Parquet files, frames, or mappings.

    Ids are compared as whole numbers if all of both tables are such, and as texts otherwise. A feature is a number, or
    a text of few different ones, which becomes one 0 or 1 for each of the first 64; a missing number is 0 beside an
    indicator. Without any feature all nodes are alike, and differ by their edges alone.

    Args:
        nodes: a table with one row for each node.
        edges: a table with one row for each edge. Its order is kept, as are edges that stand there twice.
        node: the column of `nodes` with their ids.
        source: the column of `edges` with the id that an edge comes from.
        target: the column with the id that it leads to.
        kind: the column of `edges` with the kind of an edge, if there are several.
        directed: whether an edge tells its target of its source only; otherwise each end learns of the other.
        features: columns of `nodes` to read; by default all numbers and texts of few different ones.
        edge_features: columns of `edges` to read, numbers and texts of few different ones.
        aside: columns of `nodes` that are no features, as targets.
        columns: those of another graph (`graph.columns`), to read these tables as that one was read.

    Raises:
        DataError: a column is missing, an id is missing or stands twice, or an edge leads to a node that is not there.

    >>> nodes = [{"name": "ann", "age": 31}, {"name": "bob", "age": 45}]
    >>> read_graph(nodes, [{"source": "ann", "target": "bob"}], node="name")
    Graph of 2 nodes and 1 edges
    """
    told, joined = table.read(nodes), edge_table(edges, source, target)
    ids, *ends = alike(ids_of(told, node), ids_of(joined, source), ids_of(joined, target))
    number = {each: place for place, each in enumerate(ids)}
    columns = columns or _columns(told, joined, {node, *aside}, features, edge_features, kind)
    return Graph(
        ids,
        _features(told, columns),
        np.stack([_places(number, each, joined, name) for each, name in zip(ends, (source, target), strict=True)]),
        directed=directed,
        kinds=kinds(joined, kind, columns.kinds)[0] if kind is not None else None,
        kind_names=columns.kinds,
        names=names_of(columns.nodes) or ("node",),
        edge_features=read(joined, columns.edges) if columns.edges else None,
        edge_names=names_of(columns.edges),
        columns=columns,
        source=f"{table.source_of(told)} with {table.source_of(joined)}",
    )


def read_graphs(
    nodes: Any,
    edges: Any,
    *,
    graph: str,
    node: str,
    source: str = "source",
    target: str = "target",
    kind: str | None = None,
    directed: bool = True,
    features: Sequence[str] | None = None,
    edge_features: Sequence[str] = (),
    aside: Sequence[str] = (),
    columns: Columns | None = None,
    learned_from: Collection[Hashable] | None = None,
) -> dict[str, Graph]:
    """Read many graphs from two tables, each of which has a column with the id of the graph that a row is of.

    See `read_graph`. The id of a node has to be its own within its graph only.

    Args:
        graph: the column of both tables with the ids of graphs.
        learned_from: the graphs whose values say how columns are read, as texts; by default all.

    Returns:
        The graphs by their ids, as texts, in the order in which the node table has them.

    Raises:
        DataError: as of `read_graph`; or an edge is in a graph without nodes.

    >>> nodes = [{"graph": "x", "node": 1}, {"graph": "x", "node": 2}, {"graph": "y", "node": 1}]
    >>> read_graphs(nodes, [{"graph": "x", "source": 1, "target": 2}], graph="graph", node="node")
    {'x': Graph of 2 nodes and 1 edges, 'y': Graph of 1 nodes and 0 edges}
    """
    told, joined = table.read(nodes), edge_table(edges, source, target, graph)
    of_nodes, of_edges = alike(ids_of(told, graph), ids_of(joined, graph))
    ids, *ends = alike(ids_of(told, node), ids_of(joined, source), ids_of(joined, target))
    places: dict[str, list[int]] = {str(each): [] for each in of_nodes}
    number: dict[Any, int] = {}
    for place, (which, each) in enumerate(zip(of_nodes, ids, strict=True)):
        # Of two nodes of one id the second is not counted; `Graph` says that the id stands twice.
        number.setdefault((str(which), each), len(places[str(which)]))
        places[str(which)].append(place)
    joining: dict[str, list[int]] = {each: [] for each in places}
    for place, which in enumerate(of_edges):
        if str(which) not in places:
            raise DataError(
                f"the edge is in the graph {which!r}, which has no nodes",
                where=where(table.source_of(joined), row=joined.index[place], column=graph),
                fix=f"give the graph its nodes, or take the edge out; {did_you_mean(str(which), places)}",
            )
        joining[str(which)].append(place)
    found = [
        _places(number, [(str(which), end) for which, end in zip(of_edges, each, strict=True)], joined, name)
        for each, name in zip(ends, (source, target), strict=True)
    ]
    if columns is None:
        wanted = None if learned_from is None else {str(each) for each in learned_from}
        from_nodes, from_edges = (
            frame if wanted is None else frame[[str(each) in wanted for each in of]]
            for frame, of in ((told, of_nodes), (joined, of_edges))
        )
        columns = _columns(from_nodes, from_edges, {graph, node, *aside}, features, edge_features, kind)
    pairs, values = np.stack(found), _features(told, columns)
    of_kind = kinds(joined, kind, columns.kinds)[0] if kind is not None else None
    along = read(joined, columns.edges) if columns.edges else None
    files = f"{table.source_of(told)} with {table.source_of(joined)}"
    return {
        each: Graph(
            [ids[place] for place in places[each]],
            values[places[each]],
            pairs[:, joining[each]],
            directed=directed,
            kinds=None if of_kind is None else of_kind[joining[each]],
            kind_names=columns.kinds,
            names=names_of(columns.nodes) or ("node",),
            edge_features=None if along is None else along[joining[each]],
            edge_names=names_of(columns.edges),
            edge_rows=np.array(joining[each], dtype=np.int64),
            columns=columns,
            source=f"{files}, the graph '{each}'",
        )
        for each in places
    }


def edge_table(edges: Any, *columns: str) -> pd.DataFrame:
    """The edge table; one without any row has no columns to be read from."""
    if not isinstance(edges, str | bytes) and hasattr(edges, "__len__") and not len(edges):
        return table.read(pd.DataFrame({each: ["x"] for each in columns})).iloc[:0]
    return table.read(edges)


def ids_of(frame: pd.DataFrame, column: str) -> list[int] | list[str]:
    """The ids in a column, as whole numbers if they all are, and as texts otherwise.

    Raises:
        DataError: one is missing.
    """
    cells = table.column(frame, column)
    missing = cells.isna().to_numpy()
    if missing.any():
        row = cells.index[int(np.flatnonzero(missing)[0])]
        raise DataError(
            "an id is missing",
            where=where(table.source_of(frame), row=row, column=column),
            fix="fill it in, or take the row out",
        )
    found = [_id(each) for each in cells]
    whole = [each for each in found if each is not None]
    if len(whole) == len(found):
        return whole
    return [str(cell if number is None else number) for cell, number in zip(cells, found, strict=True)]


def alike(*columns: list[int] | list[str]) -> list[list[Any]]:
    """Columns of ids, all of them as texts unless all are whole numbers."""
    if all(not each or isinstance(each[0], int) for each in columns):
        return [list(each) for each in columns]
    return [[str(cell) for cell in each] for each in columns]


def _id(cell: Any) -> int | None:
    """A whole number that is written as one; texts such as 007 are none."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | np.integer):
        return int(cell)
    if isinstance(cell, float | np.floating):
        return int(cell) if float(cell).is_integer() else None
    text = str(cell)
    return int(text) if text.isdecimal() and text.isascii() and str(int(text)) == text else None


def _places(number: dict[Any, int], ends: Sequence[Any], edges: pd.DataFrame, column: str) -> Int[np.ndarray, "E"]:
    """The numbers of the nodes of these ids; within graphs an end is a pair of the graph and the id.

    Raises:
        DataError: an edge leads to a node that is not there.
    """
    found = np.array([number.get(each, -1) for each in ends], dtype=np.int64)
    dangling = np.flatnonzero(found < 0)
    if len(dangling):
        end = ends[dangling[0]]
        within = f" in the graph {end[0]!r}" if isinstance(end, tuple) else ""
        first = end[1] if isinstance(end, tuple) else end
        raise DataError(
            f"the edge leads to the node {first!r}, which is not in the node table{within} ({len(dangling):,} such "
            "rows)",
            where=where(table.source_of(edges), row=edges.index[dangling[0]], column=column),
            fix=f"add the node, or take the edge out{_nearest(first, number)}",
        )
    return found


def _nearest(wanted: Any, known: dict[Any, int]) -> str:
    names = [str(each[1] if isinstance(each, tuple) else each) for each in list(known)[:10_000]]
    hint = did_you_mean(str(wanted), names)
    return f"; {hint}" if hint else ""


def _columns(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    aside: Collection[str],
    features: Sequence[str] | None,
    edge_features: Sequence[str],
    kind: str | None,
) -> Columns:
    """How both tables are read, as their values ask for."""
    chosen = usual(nodes, aside) if features is None else list(features)
    of_kind = () if kind is None else kinds(edges, kind)[1]
    return Columns(learn(nodes, chosen), learn(edges, edge_features), of_kind)


def _features(nodes: pd.DataFrame, columns: Columns) -> np.ndarray:
    """The features of nodes; where there is none, one that is the same for all."""
    return read(nodes, columns.nodes) if columns.nodes else np.ones((len(nodes), 1))
