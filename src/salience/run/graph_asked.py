"""Tables that ask a finished run about nodes, pairs or graphs: of the graph it was made from, or of another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from salience.core.errors import ConfigError
from salience.data import table
from salience.data.graph import Graph, NodeView, PairView
from salience.data.graph_example import Cell
from salience.data.graph_outside import library
from salience.data.graph_tables import GraphTables
from salience.data.kind import kind_of
from salience.data.modalities import Graph as Modality
from salience.data.target import is_known, known_task, parsed, separator_of
from salience.pipeline import Pipeline
from salience.run import graph_rows
from salience.run.open_graph import opened
from salience.run.settings import Settings


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows of a table, each with its id and its cell."""

    frame: pd.DataFrame
    ids: list[str]
    rows: list[dict[str, Cell]]

    def first(self, count: int) -> Asked:
        """The first rows."""
        return Asked(self.frame.iloc[:count], self.ids[:count], self.rows[:count])

    def where(self, kept: pd.Series) -> Asked:
        """The rows for which something holds."""
        index = [i for i, holds in enumerate(kept) if holds]
        return Asked(self.frame[kept], [self.ids[i] for i in index], [self.rows[i] for i in index])


def reads_graph(pipeline: Pipeline) -> bool:
    """Does the pipeline read a graph, so that a table of rows needs those of nodes and edges beside it?"""
    return any(isinstance(each, Modality) for each in pipeline.modalities.values())


def is_cells(rows: object) -> bool:
    """Are they cells of graphs already, by themselves or in mappings, and no tables?"""
    if not isinstance(rows, list | tuple) or not rows:
        return not _is_table(rows)
    first = next(iter(rows[0].values()), None) if isinstance(rows[0], Mapping) else rows[0]
    return isinstance(first, NodeView | PairView | Graph)


def asked(source: Any, settings: Settings, pipeline: Pipeline) -> Asked:
    """The rows of a table as cells.

    Without other tables beside it, a table asks about the graph that the run was made from, which is read again. With
    them it asks about another one, whose columns are read as those of training.

    Args:
        source: a file, a frame or mappings; `GraphTables`; or graphs of networkx or torch_geometric.

    Raises:
        ConfigError: the tables of the run are not known, or one of another graph was not named.
        DataError: a table cannot be read, or lacks a column, or names a node that is not there.
    """
    ((name, found),) = pipeline.modalities.items()
    modality = cast(Modality, found)
    given = source if isinstance(source, GraphTables) else GraphTables(source)
    own = not library(source) and given.nodes is None and given.edges is None
    if own:
        source = GraphTables(given.rows, *_tables_of_run(settings, modality, name))
    elif not library(source):
        _check_complete(given, modality)
    tables = opened(source, modality, name, target=settings.target)
    if modality.rows == "graphs":
        graphs: Graph | dict[str, Graph] = graph_rows.graphs_of(tables, modality, name, columns=modality.columns)
    else:
        graphs = graph_rows.graph_of(tables, modality, name, columns=modality.columns)
        if own and modality.rows == "nodes":
            graph_rows.check_own_features(tables, graphs, name)
    cells = graph_rows.cells(tables, modality, name, graphs)
    return Asked(tables.rows, graph_rows.names(tables, modality, name), [{name: cell} for cell in cells])


def known(found: Asked, settings: Settings) -> tuple[Asked, list[Any]]:
    """The rows that have a target, and their targets.

    Raises:
        DataError: there is no column of targets, or a cell cannot be read.
    """
    assert settings.target is not None
    found = found.where(is_known(table.column(found.frame, settings.target)))
    kind = kind_of(found.frame[settings.target])
    task = known_task(settings.task_name or "")
    separator = separator_of(found.frame[settings.target], kind) if task == "MultiLabel" else None
    return found, parsed(found.frame[settings.target], task, separator, table.source_of(found.frame))


def _is_table(rows: object) -> bool:
    return isinstance(rows, str | pd.DataFrame | GraphTables) or hasattr(rows, "__fspath__") or bool(library(rows))


def _tables_of_run(settings: Settings, modality: Modality, name: str) -> tuple[str, str]:
    """The node table and the edge table that a run was made from.

    Raises:
        ConfigError: they were given in Python.
    """
    nodes = modality.nodes or (settings.data if modality.rows == "nodes" else None)
    edges = modality.edges or (settings.data if modality.rows == "pairs" else None)
    if nodes is None or edges is None:
        raise ConfigError(
            "the run was made from tables in Python, and does not keep them",
            where=f"inputs.{name}.Graph",
            fix="give them again: GraphTables(rows, nodes=..., edges=...), or --nodes and --edges",
        )
    return nodes, edges


def _check_complete(tables: GraphTables, modality: Modality) -> None:
    """Another graph has nodes and edges of its own.

    Raises:
        ConfigError: one of both tables was not named.
    """
    lacks_nodes = tables.nodes is None and modality.rows != "nodes"
    if lacks_nodes or (tables.edges is None and not library(tables.nodes)):
        lacking, there = ("node", "edge") if lacks_nodes else ("edge", "node")
        raise ConfigError(
            f"another graph than that of the run needs its {lacking} table beside its {there} table",
            fix=f"name it with --{lacking}s on the command line, GraphTables(..., {lacking}s=...) in Python; or leave "
            "both out to ask about the graph of the run",
        )
