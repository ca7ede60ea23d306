"""From tables of nodes, edges and questions to rows on three sides. All nodes and edges of one graph are there in
training, as the user gave them; targets of the training side only are learned from.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from salience.core.build import build, find, named
from salience.core.errors import ConfigError, DataError
from salience.data import modalities, splitters, table
from salience.data.fault import where
from salience.data.finding import SEVERITIES, Finding
from salience.data.graph import Graph as Store
from salience.data.graph_columns import Columns
from salience.data.graph_example import Cell
from salience.data.graph_links import predict_links
from salience.data.infer import Column, Inference, parse_targets
from salience.data.kind import kind_of
from salience.data.modalities import Graph
from salience.data.rationale import Rationale
from salience.data.split import Split, split
from salience.data.splitters import SIDES
from salience.data.target import check_learnable, check_readable, is_known, known_task, separator_of, task_for
from salience.run import graph_rows
from salience.run.graph_findings import findings
from salience.run.open_graph import LINK, Opened, asks_of_labels, opened, with_options
from salience.run.settings import Settings


@dataclass(frozen=True, eq=False)
class PreparedGraph:
    """Graphs that have been understood, and the rows that ask about them, divided: nodes, pairs, or whole graphs."""

    source: Any
    frame: pd.DataFrame
    inference: Inference
    targets: list[Any]
    split: Split
    findings: list[Finding]
    column: str
    cells: list[Cell]
    names: list[str]
    rationales: dict[str, list[Rationale | None]] = field(default_factory=dict)

    def rows(self, side: str) -> list[dict[str, Cell]]:
        """The cells of one side, as rows with one input."""
        return [{self.column: self.cells[i]} for i in getattr(self.split, side)]

    def targets_of(self, side: str) -> list[Any]:
        """The targets of one side."""
        return [self.targets[i] for i in getattr(self.split, side)]

    def rationales_of(self, side: str) -> dict[str, list[Rationale | None]]:  # noqa: ARG002
        """None: nobody marks a graph."""
        return {}

    def ids(self, side: str) -> list[str]:
        """The ids of the nodes, pairs or graphs of one side."""
        return [self.names[i] for i in getattr(self.split, side)]

    def groups_of(self, side: str) -> list[Hashable] | None:  # noqa: ARG002
        """None: rows are drawn one by one, though neighbours resemble each other."""
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


def tables_beside(settings: Settings) -> list[str]:
    """The files that a graph is read from beside the data."""
    name = graph_input(settings)
    if name is None:
        return []
    modality: Graph = build(settings.modalities[name], modalities)
    return [each for each in (modality.nodes, modality.edges) if each is not None and each != settings.data]


def prepare_graph(source: Any, settings: Settings, name: str) -> PreparedGraph:
    """Read, understand, divide and check graphs and the rows that ask about them.

    Raises:
        DataError: a table cannot be read as part of a graph.
        ConfigError: the settings do not fit the tables.
    """
    modality: Graph = build(settings.modalities[name], modalities)
    found = opened(with_options(source, modality), modality, name, target=settings.target)
    if modality.rows == "pairs" and not asks_of_labels(found.rows, settings.target):
        return _links(source, found, settings, modality, name)
    if settings.target is None:
        raise ConfigError("no target was named", where="target", fix="name the column of the table to predict")
    kept = is_known(table.column(found.rows, settings.target)).to_numpy()
    known = found.rows[kept]
    check_readable(
        known[settings.target],
        kind_of(found.rows[settings.target]),
        where(table.source_of(found.rows), column=settings.target),
        "write what is known of some rows",
    )
    by = None if settings.split is None else build(settings.split, splitters)
    aside = [settings.target, *_dividing(settings)]
    texts = [each for each, there in zip(graph_rows.names(found, modality, name), kept, strict=True) if there]
    inference = _inferred(found.rows, settings, modality, name)
    targets = parse_targets(known, inference)
    # Splitters compare cells of the input as texts.
    told = known.assign(**{name: texts})
    if modality.rows == "pairs":
        ends = graph_rows.ends(Opened(known), modality)
        _check_agreement(known, texts, ends, targets, directed=graph_rows.directed(found, modality))
        # Both orders of a pair are on one side.
        told[name] = [json.dumps(sorted(each)) for each in ends]
    told.attrs = dict(known.attrs)
    divided = split(told, inference, by=by)
    if modality.rows == "graphs":
        learned_from = [texts[i] for i in divided.train]
        graphs = graph_rows.graphs_of(found, modality, name, aside=aside, learned_from=learned_from)
        asked = graph_rows.cells(Opened(known, graphs=found.graphs), modality, name, graphs)
        stores = [each for each in asked if isinstance(each, Store)]
    else:
        graph = graph_rows.graph_of(found, modality, name, aside=aside)
        asked = graph_rows.cells(Opened(known), modality, name, graph)
        stores = [graph]
    return PreparedGraph(
        source,
        known,
        _noted(inference, found, stores),
        targets,
        divided,
        _sorted(findings(stores, found, modality, asked)),
        name,
        asked,
        texts,
    )


def _links(source: Any, found: Opened, settings: Settings, modality: Graph, name: str) -> PreparedGraph:
    """Edges that are held out, and pairs without one beside them.

    Raises:
        ConfigError: a way to divide rows was chosen.
    """
    if settings.split is not None:
        raise ConfigError(
            "edges to be predicted are drawn at random, together with all others between the same nodes",
            where="split",
            fix="leave the split out, or give a table of pairs with a target of your own",
        )
    graph = graph_rows.graph_of(found, modality, name)
    links = predict_links(graph)
    asked: list[Cell] = [cell for side in SIDES for cell in links.cells[side]]
    labels = [label for side in SIDES for label in links.labels[side]]
    ends = [[graph.ids[getattr(cell, end)] for cell in asked] for end in ("first", "second")]
    frame = pd.DataFrame(
        {modality.source: ends[0], modality.target: ends[1], LINK: labels},
        index=pd.Index([str(number) for number in range(1, len(asked) + 1)], name="row"),
        dtype=object,
    )
    frame.attrs = {**found.rows.attrs, "source": graph.source}
    stops = np.cumsum([0, *(len(links.cells[side]) for side in SIDES)])
    train, validation, test = (np.arange(first, stop) for first, stop in pairwise(stops))
    divided = Split(
        train,
        validation,
        test,
        "edges were drawn at random, each with all others between the same nodes; 70 % are left to look along, and "
        "beside each of the others stands a pair without an edge, drawn evenly",
    )
    inference = _inferred(frame, settings, modality, name, target=LINK)
    return PreparedGraph(
        source,
        frame,
        _noted(inference, found, [graph]),
        labels,
        divided,
        _sorted(findings([graph], found, modality, asked)),
        name,
        asked,
        graph_rows.names(Opened(frame, directed=False), modality, name),
    )


def _dividing(settings: Settings) -> list[str]:
    """The column by which the settings divide the rows, if there is one, and those that usually do."""
    options = {} if settings.split is None else named(settings.split)[1]
    return [str(options["column"])] if "column" in options else []


def _check_agreement(
    frame: pd.DataFrame, texts: list[str], ends: list[tuple[str, str]], targets: list[Any], *, directed: bool
) -> None:
    """A pair has one target.

    Raises:
        DataError: it has another one in another row. Without directions both orders are the same pair.
    """
    first: dict[tuple[str, ...], int] = {}
    for row, pair in enumerate(ends):
        before = first.setdefault(pair if directed else tuple(sorted(pair)), row)
        if targets[before] != targets[row]:
            raise DataError(
                f"the pair {texts[row]} is {targets[before]!r} in row {frame.index[before]} and {targets[row]!r} here",
                where=where(table.source_of(frame), row=frame.index[row]),
                fix="keep one of both rows",
            )


def _inferred(
    frame: pd.DataFrame, settings: Settings, modality: Graph, name: str, *, target: str | None = None
) -> Inference:
    """What the table of rows says; the tables of nodes and edges are told in its notes."""
    target = target or settings.target
    assert target is not None
    cells = table.column(frame, target)
    known = cells[is_known(cells)]
    kind = kind_of(cells)
    if settings.task_name:
        task, reason = known_task(settings.task_name), "it was chosen"
    else:
        task, reason = task_for(known, kind)
        check_learnable(known, kind, task, where(table.source_of(frame), column=target), "choose another target")
    of = (modality.source, modality.target) if modality.rows == "pairs" else (name,)
    roles = dict.fromkeys(of, ("input", f"ids of {'graphs' if modality.rows == 'graphs' else 'nodes'}"))
    roles[target] = ("target", kind.reason)
    columns = tuple(
        Column(str(each), kind_of(frame[each]), *roles.get(str(each), ("left out", f"rows are {modality.rows}")))
        for each in frame.columns
        if each
    )
    missing = len(frame) - len(known)
    return Inference(
        columns=columns,
        target=target,
        inputs=(name,),
        task=task,
        reason=reason,
        separator=separator_of(known, kind) if task == "MultiLabel" else None,
        num_rows=len(frame),
        num_missing=missing,
        notes=tuple(frame.attrs.get("notes", ())),
    )


def _noted(inference: Inference, found: Opened, graphs: list[Store]) -> Inference:
    """The inference with what was read of nodes and edges: as roles of columns, and in a sentence."""
    first = graphs[0]
    read = first.columns or Columns()
    features = {each.column for each in read.nodes}
    columns = tuple(
        Column(each.name, each.kind, "input", "a feature of nodes")
        if found.rows is found.nodes and each.name in features and each.role == "left out"
        else each
        for each in inference.columns
    )
    size = repr(first)
    if len(graphs) > 1:
        nodes, edges = (sum(getattr(each, name) for each in graphs) for name in ("num_nodes", "num_edges"))
        size = f"{len(graphs):,} graphs of {nodes:,} nodes and {edges:,} edges"
    told = f"{size}, {first.num_features:,} features of nodes"
    if first.edge_features is not None:
        told += f", {first.edge_features.shape[1]:,} of edges"
    return Inference(**{**vars(inference), "columns": columns, "notes": (told, *inference.notes)})


def _sorted(found: Any) -> list[Finding]:
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity))
