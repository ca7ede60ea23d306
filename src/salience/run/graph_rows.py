"""Rows that ask about nodes, pairs or graphs, as cells: each with the graph that it is about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from salience.core.errors import DataError, did_you_mean
from salience.data import table
from salience.data.fault import where
from salience.data.graph import Graph, NodeView, PairView
from salience.data.graph_columns import Columns, read
from salience.data.graph_example import Cell
from salience.data.graph_table import alike, ids_of, read_graph, read_graphs
from salience.data.modalities import Graph as Modality
from salience.run.open_graph import Opened, node_column


def names(found: Opened, modality: Modality, name: str) -> list[str]:
    """The id of each row as a text: of a node or a graph, or of both ends of a pair.

    Raises:
        DataError: an id is missing.
    """
    if modality.rows == "pairs":
        arrow = "->" if directed(found, modality) else "-"
        return [f"{first} {arrow} {second}" for first, second in ends(found, modality)]
    return [str(each) for each in ids_of(found.rows, name)]


def ends(found: Opened, modality: Modality) -> list[tuple[str, str]]:
    """The ids of both ends of each pair, as texts.

    Raises:
        DataError: an id is missing.
    """
    both = alike(*(ids_of(found.rows, each) for each in (modality.source, modality.target)))
    return [(str(first), str(second)) for first, second in zip(*both, strict=True)]


def graph_of(
    found: Opened, modality: Modality, name: str, *, aside: Collection[str] = (), columns: Columns | None = None
) -> Graph:
    """The one graph that rows are nodes or pairs of.

    Args:
        aside: columns of the node table that are no features.
        columns: how to read the tables; by default as their values ask for.
    """
    if found.graphs:
        return found.graphs[0]
    return read_graph(
        found.nodes,
        found.edges,
        node=node_column(modality, name),
        **_options(found, modality),
        aside=list(aside),
        columns=columns,
    )


def graphs_of(
    found: Opened,
    modality: Modality,
    name: str,
    *,
    aside: Collection[str] = (),
    columns: Columns | None = None,
    learned_from: Collection[str] | None = None,
) -> dict[str, Graph]:
    """The graphs that rows are, by their ids.

    Args:
        learned_from: ids of the graphs whose values say how columns are read; by default all.
    """
    if found.graphs:
        return {str(number): each for number, each in enumerate(found.graphs, start=1)}
    return read_graphs(
        found.nodes,
        found.edges,
        graph=name,
        node=node_column(modality, name),
        **_options(found, modality),
        aside=list(aside),
        columns=columns,
        learned_from=learned_from,
    )


def cells(found: Opened, modality: Modality, name: str, graphs: Graph | dict[str, Graph]) -> list[Cell]:
    """What each row asks about.

    Raises:
        DataError: a row names a node that is not there, or a graph without nodes.
    """
    if isinstance(graphs, dict):
        return [
            _whole(graphs, each, row, found, name)
            for each, row in zip(names(found, modality, name), found.rows.index, strict=True)
        ]
    if modality.rows == "nodes":
        return [NodeView(graphs, number) for number in _numbers(found, graphs, name)]
    both = (_numbers(found, graphs, each) for each in (modality.source, modality.target))
    return [PairView(graphs, first, second) for first, second in zip(*both, strict=True)]


def check_own_features(found: Opened, graph: Graph, name: str) -> None:
    """A table of nodes that holds their features has to hold those of this graph.

    Raises:
        DataError: a feature of a node is another one.
    """
    features = graph.columns.nodes if graph.columns else ()
    if not features or not all(each.column in found.rows.columns for each in features):
        return
    numbers = _numbers(found, graph, name)
    other = (read(found.rows, features) != graph.features[numbers]).any(1)
    if other.any():
        first = int(np.flatnonzero(other)[0])
        raise DataError(
            f"the node {graph.ids[numbers[first]]!r} has other features than in the graph that the run was made from",
            where=where(table.source_of(found.rows), row=found.rows.index[first]),
            fix="name the edge table of this graph, too: --edges on the command line, GraphTables in Python",
        )


def _numbers(found: Opened, graph: Graph, column: str) -> list[int]:
    """The numbers of the nodes that a column of the rows names."""
    ids: Sequence[Any] = ids_of(found.rows, column)
    as_texts = isinstance(graph.ids[0], str)
    made = []
    for row, each in zip(found.rows.index, ids, strict=True):
        try:
            made.append(graph.number(str(each) if as_texts else each))
        except DataError as error:
            raise DataError(
                error.problem,
                where=where(table.source_of(found.rows), row=row, column=column),
                fix=f"name a node of {graph.source}{'; ' + error.fix if error.fix else ''}",
            ) from None
    return made


def _whole(graphs: dict[str, Graph], wanted: str, row: Any, found: Opened, name: str) -> Graph:
    if wanted not in graphs:
        raise DataError(
            f"the graph '{wanted}' has no nodes",
            where=where(table.source_of(found.rows), row=row, column=name),
            fix=f"give it nodes in the node table, or take the row out; {did_you_mean(wanted, graphs)}",
        )
    return graphs[wanted]


def directed(found: Opened, modality: Modality) -> bool:
    """Whether edges have a direction, as the graph itself or the options say."""
    return modality.directed if found.directed is None else found.directed


def _options(found: Opened, modality: Modality) -> dict[str, Any]:
    return {
        "source": modality.source,
        "target": modality.target,
        "kind": modality.kind,
        "directed": directed(found, modality),
        "features": modality.features,
        "edge_features": modality.edge_features,
    }
