"""Graphs of torch_geometric and networkx: as they are, or as the tables that they could have been written from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from salience.core.errors import DataError
from salience.core.packages import require
from salience.data.graph import Graph

_LIBRARIES = ("networkx", "torch_geometric")
#: The masks of a `Data`, and the side that each names.
_MASKS = {"train_mask": "train", "val_mask": "validation", "test_mask": "test"}


def library(source: Any) -> str | None:
    """The library that a graph, or the first of a list of graphs, is of; None for anything else."""
    first = source[0] if isinstance(source, list | tuple) and source else source
    roots = {each.__module__.partition(".")[0] for each in type(first).__mro__}
    return next((each for each in _LIBRARIES if each in roots), None)


def from_pyg(data: Any, *, ids: Sequence[str | int] | None = None, edge_features: Sequence[str] = ()) -> Graph:
    """A `torch_geometric.data.Data` with `x` and `edge_index`, and `edge_type` if it has kinds of edges.

    Args:
        ids: the names of the nodes; by default their numbers.
        edge_features: attributes with a number, or a row of numbers, for each edge, such as `edge_attr`.

    Raises:
        DataError: it has no features, or lacks one of these attributes.
    """
    if data.x is None:
        raise DataError("the nodes have no features", where="a Data of torch_geometric", fix="give it an `x`")
    kinds = None if getattr(data, "edge_type", None) is None else data.edge_type.cpu().numpy().astype(np.int64)
    names = () if kinds is None else tuple(f"kind {i}" for i in range(int(kinds.max(initial=-1)) + 1))
    along = [_along(data, each) for each in edge_features]
    return Graph(
        list(range(data.num_nodes)) if ids is None else ids,
        data.x.detach().cpu().numpy().astype(np.float64),
        data.edge_index.cpu().numpy(),
        kinds=kinds,
        kind_names=names,
        edge_features=np.concatenate(along, axis=1) if along else None,
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


def tables_of(
    graphs: Sequence[Any], *, graph: str | None, node: str, source: str, target: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Graphs of networkx as a table of graphs, a node table and an edge table, with their attributes as columns.

    Args:
        graph: the column of ids of graphs, which are numbers from 1; None for a single graph.
        node: the column of ids of nodes.
        source: the column of the id that an edge comes from.
        target: the column of the id that it leads to.
    """
    rows, nodes, edges = [], [], []
    for number, each in enumerate(graphs, start=1):
        own = {} if graph is None else {graph: number}
        rows.append({**each.graph, **own})
        nodes += [{**found, **own, node: name} for name, found in each.nodes(data=True)]
        edges += [{**found, **own, source: first, target: second} for first, second, found in each.edges(data=True)]
    columns = [*([] if graph is None else [graph]), source, target]
    joined = pd.DataFrame(edges) if edges else pd.DataFrame(columns=columns)
    made = pd.DataFrame(rows), pd.DataFrame(nodes), joined
    for each in made:
        each.attrs["source"] = "a graph of networkx" if graph is None else "graphs of networkx"
    return made


def edges_of(data: Any, source: str, target: str) -> pd.DataFrame:
    """The edges of a `Data` of torch_geometric, as rows."""
    first, second = data.edge_index.tolist()
    return _named(pd.DataFrame({source: first, target: second}))


def graphs_of(graphs: Sequence[Any], name: str, target: str | None) -> pd.DataFrame:
    """Several `Data` of torch_geometric as rows, numbered from 1, with the attribute that is their target."""
    made = pd.DataFrame({name: range(1, len(graphs) + 1)})
    if target is not None and all(getattr(each, target, None) is not None for each in graphs):
        made[target] = [_only(getattr(each, target), target) for each in graphs]
    return _named(made)


def nodes_of(data: Any, name: str, target: str | None) -> pd.DataFrame:
    """The nodes of a `Data` of torch_geometric as rows, with the attribute that is their target.

    Masks become a column `split`; then nodes of no mask have no target.
    """
    made = pd.DataFrame({name: range(data.num_nodes)})
    if target is None or getattr(data, target, None) is None:
        return _named(made)
    values = getattr(data, target)
    if values.ndim > 1 and values.shape[1:] != (1,):
        raise DataError(
            f"expected one number for each node, got the shape {tuple(values.shape)}",
            where=f"a Data of torch_geometric, '{target}'",
        )
    made[target] = values.flatten().tolist()
    if all(getattr(data, each, None) is not None and getattr(data, each).ndim == 1 for each in _MASKS):
        made["split"] = None
        for each, side in _MASKS.items():
            made.loc[getattr(data, each).cpu().numpy(), "split"] = side
        made[target] = made[target].astype(object).where(made["split"].notna(), None)
    return _named(made)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, which errors call by what it came from."""
    frame.attrs["source"] = "a Data of torch_geometric"
    return frame


def _only(values: Any, target: str) -> Any:
    if values.numel() != 1:
        raise DataError(
            f"expected one number for each graph, got the shape {tuple(values.shape)}",
            where=f"a Data of torch_geometric, '{target}'",
        )
    return values.item()


def _along(data: Any, name: str) -> np.ndarray:
    """Numbers of edges, a row for each."""
    values = getattr(data, name, None)
    if values is None:
        raise DataError(
            f"the edges have no '{name}'", where="a Data of torch_geometric", fix="name attributes such as edge_attr"
        )
    found = values.detach().cpu().numpy().astype(np.float64)
    return found[:, None] if found.ndim == 1 else found


def _attribute(graph: Any, node: Any, name: str) -> float:
    value = graph.nodes[node].get(name)
    if not isinstance(value, int | float | np.number):
        raise DataError(
            f"expected a number, got {value!r}", where=f"node {node!r}, attribute '{name}'", fix="set it for every node"
        )
    return float(value)
