"""A graph out of a node table and an edge table, or out of the objects of other libraries.

Legend: N nodes, F features, E edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from salience.core.errors import DataError, did_you_mean
from salience.core.packages import require
from salience.data import table
from salience.data.graph import Graph
from salience.data.kind import kind_of, numbers_of

# Kinds of columns that are features unless others are named, and different texts of one that are.
_READ = ("numeric", "boolean", "categorical")
_MOST_CATEGORIES = 64


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
    aside: Sequence[str] = (),
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
        aside: columns of `nodes` that are no features, as targets.

    Raises:
        DataError: a column is missing, an id is missing or stands twice, or an edge leads to a node that is not there.

    >>> nodes = [{"name": "ann", "age": 31}, {"name": "bob", "age": 45}]
    >>> read_graph(nodes, [{"source": "ann", "target": "bob"}], node="name")
    Graph of 2 nodes and 1 edges
    """
    told, joined = table.read(nodes), _edges(edges, source, target)
    where = f"{table.source_of(told)} with {table.source_of(joined)}"
    ids = [_ids(told, node), _ids(joined, source), _ids(joined, target)]
    if all(each.dtype == np.int64 for each in ids):
        known: list[int] | list[str] = [int(each) for each in ids[0]]
    else:
        known, ids = [str(each) for each in ids[0]], [each.astype(str) for each in ids]
    columns = list(features) if features is not None else _features(told, {node, *aside})
    names, values = _numbers(told, columns)
    kinds, kind_names = (None, ()) if kind is None else _kinds(joined, kind)
    return Graph(
        known,
        values,
        np.stack([_places(ids[0], each, joined, column) for each, column in ((ids[1], source), (ids[2], target))]),
        directed=directed,
        kinds=kinds,
        kind_names=kind_names,
        names=names,
        source=where,
    )


def from_pyg(data: Any, *, ids: Sequence[str | int] | None = None) -> Graph:
    """A `torch_geometric.data.Data` with `x` and `edge_index`, and `edge_type` if it has kinds of edges.

    Raises:
        DataError: it has no features.
    """
    if data.x is None:
        raise DataError("the nodes have no features", where="a Data of torch_geometric", fix="give it an `x`")
    kinds = None if getattr(data, "edge_type", None) is None else data.edge_type.cpu().numpy().astype(np.int64)
    names = () if kinds is None else tuple(f"kind {i}" for i in range(int(kinds.max(initial=-1)) + 1))
    return Graph(
        list(range(data.num_nodes)) if ids is None else ids,
        data.x.detach().cpu().numpy().astype(np.float64),
        data.edge_index.cpu().numpy(),
        kinds=kinds,
        kind_names=names,
        source="a Data of torch_geometric",
    )


def from_networkx(graph: Any, *, features: Sequence[str]) -> Graph:
    """A graph of networkx whose nodes have these attributes, all numbers; edges in its order.

    Raises:
        MissingPackage: networkx is not installed.
        DataError: a node lacks an attribute, or it is no number.
    """
    require("networkx", extra="graph")
    ids = list(graph.nodes)
    place = {node: i for i, node in enumerate(ids)}
    values = np.array([[_attribute(graph, node, name) for name in features] for node in ids], dtype=np.float64)
    edges = np.array([[place[a], place[b]] for a, b in graph.edges()], dtype=np.int64).reshape(-1, 2).T
    return Graph(
        ids,
        values.reshape(len(ids), len(features)),
        edges,
        directed=graph.is_directed(),
        names=tuple(features),
        source="a graph of networkx",
    )


def _attribute(graph: Any, node: Any, name: str) -> float:
    value = graph.nodes[node].get(name)
    if not isinstance(value, int | float | np.number):
        raise DataError(
            f"expected a number, got {value!r}", where=f"node {node!r}, attribute '{name}'", fix="set it for every node"
        )
    return float(value)


def _edges(edges: Any, source: str, target: str) -> pd.DataFrame:
    """The edge table; one without any row has no columns to be read from."""
    if not isinstance(edges, str | bytes) and hasattr(edges, "__len__") and not len(edges):
        return table.read(pd.DataFrame({source: ["x"], target: ["x"]})).iloc[:0]
    return table.read(edges)


def _ids(frame: pd.DataFrame, column: str) -> np.ndarray:
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
            where=f"{table.source_of(frame)}, row {row}, column '{column}'",
            fix="fill it in, or take the row out",
        )
    whole = [_id(each) for each in cells]
    if None not in whole:
        return np.array(whole, dtype=np.int64)
    return np.array([str(cell if number is None else number) for cell, number in zip(cells, whole, strict=True)])


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


def _places(ids: np.ndarray, ends: np.ndarray, edges: pd.DataFrame, column: str) -> Int[np.ndarray, "E"]:
    """The numbers of the nodes of these ids.

    Raises:
        DataError: an edge leads to a node that is not there.
    """
    number = {each: i for i, each in enumerate(ids.tolist())}
    found = np.array([number.get(each, -1) for each in ends.tolist()], dtype=np.int64)
    dangling = np.flatnonzero(found < 0)
    if len(dangling):
        first = ends[dangling[0]].item()
        raise DataError(
            f"the edge leads to the node {first!r}, which is not in the node table ({len(dangling):,} such rows)",
            where=f"{table.source_of(edges)}, row {edges.index[dangling[0]]}, column '{column}'",
            fix=f"add the node, or take the edge out{_nearest(first, number)}",
        )
    return found


def _nearest(wanted: Any, known: dict[Any, int]) -> str:
    hint = did_you_mean(str(wanted), [str(each) for each in list(known)[:10_000]])
    return f"; {hint}" if hint else ""


def _features(frame: pd.DataFrame, aside: set[str]) -> list[str]:
    return [str(name) for name in frame.columns if name not in aside and kind_of(frame[name]).name in _READ]


def _numbers(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[tuple[str, ...], Float[np.ndarray, "N F"]]:
    """The features of every node, with their names."""
    names, parts = [], []
    for name in columns:
        cells = table.column(frame, name)
        if kind_of(cells).name == "numeric":
            values = numbers_of(str(cell) for cell in cells)
            missing = np.isnan(values)
            names.append(name)
            parts.append(np.where(missing, 0.0, values))
            if missing.any():
                names.append(f"{name} is missing")
                parts.append(missing.astype(np.float64))
        else:
            for value in sorted(cells.dropna().astype(str).unique())[:_MOST_CATEGORIES]:
                names.append(f"{name} is {value}")
                parts.append((cells.astype(str) == value).to_numpy(dtype=np.float64))
    values = np.stack(parts, axis=1) if parts else np.ones((len(frame), 1))
    return tuple(names) or ("node",), values


def _kinds(frame: pd.DataFrame, column: str) -> tuple[Int[np.ndarray, "E"], tuple[str, ...]]:
    cells = table.column(frame, column).astype(str)
    names = sorted(cells.unique())
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[each] for each in cells], dtype=np.int64), tuple(names)
