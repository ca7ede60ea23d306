"""From a node table and an edge table to nodes on three sides. All nodes and edges are there in training, as the user
gave them; targets of the training side only are learned from.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from salience.core.build import build, find, named
from salience.core.errors import ConfigError
from salience.data import modalities, splitters, table
from salience.data.finding import SEVERITIES, Finding
from salience.data.graph import Graph as Store
from salience.data.graph import NodeView
from salience.data.graph_table import read_graph
from salience.data.infer import Column, Inference, labelled, parse_targets
from salience.data.kind import kind_of
from salience.data.modalities import Graph
from salience.data.rationale import Rationale
from salience.data.split import Split, split
from salience.data.target import is_known, known_task, task_for
from salience.run.settings import Settings


@dataclass(frozen=True, eq=False)
class PreparedGraph:
    """A graph that has been understood, and its nodes with a target, divided. Rows are nodes."""

    source: Any
    frame: pd.DataFrame
    inference: Inference
    targets: list[Any]
    split: Split
    findings: list[Finding]
    graph: Store
    column: str
    cells: list[NodeView]
    rationales: dict[str, list[Rationale | None]] = field(default_factory=dict)

    def rows(self, side: str) -> list[dict[str, NodeView]]:
        """The nodes of one side, as rows with one input."""
        return [{self.column: self.cells[i]} for i in getattr(self.split, side)]

    def targets_of(self, side: str) -> list[Any]:
        """The targets of one side."""
        return [self.targets[i] for i in getattr(self.split, side)]

    def rationales_of(self, side: str) -> dict[str, list[Rationale | None]]:  # noqa: ARG002
        """None: nobody marks a graph."""
        return {}

    def ids(self, side: str) -> list[str]:
        """The ids of the nodes of one side."""
        return [str(self.cells[i]) for i in getattr(self.split, side)]

    def groups_of(self, side: str) -> list[Hashable] | None:  # noqa: ARG002
        """None: nodes are drawn one by one, though neighbours resemble each other."""
        return None


def graph_input(settings: Settings) -> str | None:
    """The name of the input that reads a graph, if there is one.

    Raises:
        ConfigError: there are other inputs beside it.
    """
    for name, choice in settings.modalities.items():
        if choice and find(named(choice)[0], modalities) is Graph:
            if len(settings.modalities) > 1:
                raise ConfigError("a graph is read alone", where="inputs", fix=f"leave out all inputs but '{name}'")
            return name
    return None


def prepare_graph(source: Any, settings: Settings, name: str) -> PreparedGraph:
    """Read, understand, divide and check a graph.

    Raises:
        DataError: a table cannot be read as part of a graph.
        ConfigError: the settings do not fit the tables.
    """
    frame = table.read(source)
    modality: Graph = build(settings.modalities[name], modalities)
    if modality.edges is None:
        raise ConfigError("no edge table was named", where=f"inputs.{name}.Graph", fix="write edges: edges.csv")
    if settings.target is None:
        raise ConfigError("no target was named", where="target", fix="name the column of the node table to predict")
    dividing = [] if settings.split is None else [str(named(settings.split)[1].get("column", ""))]
    aside = [settings.target, *dividing]
    graph = read_graph(
        frame,
        modality.edges,
        node=name,
        source=modality.source,
        target=modality.target,
        kind=modality.kind,
        directed=modality.directed,
        features=modality.features,
        aside=aside,
    )
    inference = _inference(frame, graph, settings, name)
    known = labelled(frame, inference)
    by = None if settings.split is None else build(settings.split, splitters)
    # Splitters compare cells of the input as texts.
    told = known.assign(**{name: [str(each) for each in known[name]]})
    told.attrs = dict(known.attrs)
    place = {row: number for number, row in enumerate(frame.index)}
    cells = [NodeView(graph, place[row]) for row in known.index]
    divided = split(told, inference, by=by)
    findings = sorted(_findings(graph), key=lambda each: SEVERITIES.index(each.severity))
    return PreparedGraph(
        source, known, inference, parse_targets(known, inference), divided, findings, graph, name, cells
    )


def _inference(frame: pd.DataFrame, graph: Store, settings: Settings, name: str) -> Inference:
    assert settings.target is not None
    cells = table.column(frame, settings.target)
    known = cells[is_known(cells)]
    kind = kind_of(cells)
    task, reason = (known_task(settings.task_name), "it was chosen") if settings.task_name else task_for(known, kind)
    read = {each.removesuffix(" is missing").partition(" is ")[0] for each in graph.names}
    roles = {name: ("input", "ids of nodes"), settings.target: ("target", kind.reason)}
    roles |= {each: ("input", "a feature of nodes") for each in read if each in frame and each not in roles}
    columns = tuple(
        Column(str(each), kind_of(frame[each]), *roles.get(str(each), ("left out", "no feature of nodes")))
        for each in frame.columns
        if each
    )
    notes = (f"{graph!r}, {graph.num_features:,} features", *frame.attrs.get("notes", ()))
    missing = len(frame) - len(known)
    return Inference(
        columns=columns,
        target=settings.target,
        inputs=(name,),
        task=task,
        reason=reason,
        separator=None,
        num_rows=len(frame),
        num_missing=missing,
        notes=notes,
    )


def _findings(graph: Store) -> Iterator[Finding]:
    ends = np.bincount(graph.edges.flatten(), minlength=graph.num_nodes)
    alone = np.flatnonzero(ends == 0)
    if len(alone):
        rows = tuple(str(graph.ids[i]) for i in alone[:5])
        sentence = f"{len(alone):,} of {graph.num_nodes:,} nodes have no edge; they are judged by their features alone"
        yield Finding(
            "warning" if len(alone) > graph.num_nodes // 10 else "info", "isolated nodes", sentence, len(alone), rows
        )
    loops = int((graph.edges[0] == graph.edges[1]).sum())
    if loops:
        yield Finding("info", "loops", f"{loops:,} edges lead from a node to itself, and are kept", loops)
    pairs = graph.edges if graph.directed else np.sort(graph.edges, axis=0)
    twice = graph.num_edges - len(np.unique(pairs, axis=1).T)
    if twice:
        yield Finding("info", "repeated edges", f"{twice:,} edges stand there more than once; each counts", twice)
