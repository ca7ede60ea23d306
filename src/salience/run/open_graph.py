"""What questions about graphs are read from: tables of rows, nodes and edges, or graphs of other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from salience.core.errors import ConfigError, DataError
from salience.data import table
from salience.data.graph import Graph
from salience.data.graph_outside import edges_of, from_pyg, graphs_of, library, nodes_of, tables_of
from salience.data.graph_table import edge_table
from salience.data.graph_tables import GraphTables
from salience.data.modalities import Graph as Modality

#: The target of pairs that are asked whether an edge joins them.
LINK = "link"


@dataclass(frozen=True, eq=False)
class Opened:
    """Tables that have been read, of which `nodes` and `edges` become graphs, or graphs that are there already."""

    rows: pd.DataFrame
    nodes: pd.DataFrame | None = None
    edges: pd.DataFrame | None = None
    #: None where the option of the modality says it.
    directed: bool | None = None
    graphs: tuple[Graph, ...] = ()


def opened(source: Any, modality: Modality, name: str, *, target: str | None) -> Opened:
    """Read whatever holds the rows, the nodes and the edges.

    Args:
        source: the tables; a graph, or several, of networkx or torch_geometric; or a node table with its edges.
        name: of the input.
        target: the column of targets, to be found in graphs of other libraries.

    Raises:
        ConfigError: a table was not named.
        DataError: a table cannot be read.
    """
    if library(source):
        return _outside(source, modality, name, target)
    tables = source if isinstance(source, GraphTables) else GraphTables(source)
    rows = table.read(tables.rows)
    nodes, edges = tables.nodes, tables.edges
    if library(nodes):
        graph = _outside(nodes, modality, name, None)
        return Opened(rows, graph.nodes, graph.edges, graph.directed, graph.graphs)
    if nodes is None and modality.rows != "nodes":
        raise ConfigError(
            f"no node table was named, and rows are {modality.rows}",
            where=f"inputs.{name}.Graph",
            fix="write nodes: nodes.csv, or give GraphTables(rows, nodes=..., edges=...)",
        )
    if edges is None and (modality.rows != "pairs" or asks_of_labels(rows, target)):
        raise ConfigError(
            "no edge table was named",
            where=f"inputs.{name}.Graph",
            fix="write edges: edges.csv, or give GraphTables(rows, edges=...)",
        )
    of_graph = (name,) if modality.rows == "graphs" else ()
    return Opened(
        rows,
        rows if nodes is None else table.read(nodes),
        rows if edges is None else edge_table(edges, modality.source, modality.target, *of_graph),
    )


def with_options(source: Any, modality: Modality) -> Any:
    """The source with the tables that the options of the modality name, where it does not bring its own."""
    if library(source):
        return source
    tables = source if isinstance(source, GraphTables) else GraphTables(source)
    nodes = modality.nodes if tables.nodes is None else tables.nodes
    return GraphTables(tables.rows, nodes, modality.edges if tables.edges is None else tables.edges)


def asks_of_labels(rows: pd.DataFrame, target: str | None) -> bool:
    """Do pairs have a target in their table? Otherwise each is an edge, and asked is which pairs have one."""
    return target is not None and (target != LINK or LINK in rows.columns)


def _outside(source: Any, modality: Modality, name: str, target: str | None) -> Opened:
    """Graphs of another library, and the rows that stand in them."""
    several = isinstance(source, Sequence)
    graphs: Sequence[Any] = source if several else [source]
    if several != (modality.rows == "graphs"):
        given = f"{len(graphs):,} graphs" if several else "a single graph"
        raise DataError(
            f"rows are {modality.rows}, and {given} of {library(source)} came",
            fix="give a list of graphs for rows that are graphs, and one graph otherwise",
        )
    if library(source) == "networkx":
        rows, nodes, edges = tables_of(
            graphs,
            graph=name if several else None,
            node=node_column(modality, name),
            source=modality.source,
            target=modality.target,
        )
        directed = {each.is_directed() for each in graphs}
        if len(directed) > 1:
            raise DataError("some of the graphs are directed and others are not", where="graphs of networkx")
        asked = rows if several else edges if modality.rows == "pairs" else nodes
        return Opened(table.read(asked), table.read(nodes), edge_table(edges, *edges.columns), directed.pop())
    stores = tuple(from_pyg(each, edge_features=modality.edge_features) for each in graphs)
    if modality.rows == "pairs":
        made = edges_of(graphs[0], modality.source, modality.target)
    else:
        made = graphs_of(graphs, name, target) if several else nodes_of(graphs[0], name, target)
    return Opened(table.read(made), graphs=stores)


def node_column(modality: Modality, name: str) -> str:
    """The column of ids in the node table: the name of the input if rows are nodes."""
    return modality.node or (name if modality.rows == "nodes" else "node")
