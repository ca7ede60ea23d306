"""What is to be known of graphs before they are learned from: isolated nodes, loops, repetitions, columns not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from salience.data.finding import Finding
from salience.data.graph import Graph, PairView
from salience.data.graph_example import Cell
from salience.data.graph_reach import hidden
from salience.data.modalities import Graph as Modality
from salience.run.open_graph import Opened


def findings(graphs: Sequence[Graph], found: Opened, modality: Modality, cells: Sequence[Cell]) -> Iterator[Finding]:
    """What a user should know of the nodes and edges of one graph or many, and of the pairs that are asked about."""
    isolated = [str(graph.ids[i]) for graph in graphs for i in _alone(graph)]
    nodes = sum(graph.num_nodes for graph in graphs)
    if isolated:
        sentence = f"{len(isolated):,} of {nodes:,} nodes have no edge; they are judged by their features alone"
        severity = "warning" if len(isolated) > nodes // 10 else "info"
        yield Finding(severity, "isolated nodes", sentence, len(isolated), tuple(isolated[:5]))
    loops = sum(int((graph.edges[0] == graph.edges[1]).sum()) for graph in graphs)
    if loops:
        yield Finding("info", "loops", f"{loops:,} edges lead from a node to itself, and are kept", loops)
    twice = sum(map(_repeated, graphs))
    if twice:
        yield Finding("info", "repeated edges", f"{twice:,} edges stand there more than once; each counts", twice)
    yield from _unread(found, modality)
    joined = [cell for cell in cells if isinstance(cell, PairView) and len(hidden(cell))]
    if joined:
        sentence = f"{len(joined):,} of the pairs have an edge, which is not there to look along when they are asked"
        yield Finding("info", "joined pairs", sentence, len(joined), tuple(map(str, joined[:5])))


def _alone(graph: Graph) -> list[int]:
    """The nodes without any edge."""
    ends = np.bincount(graph.edges.flatten(), minlength=graph.num_nodes)
    return np.flatnonzero(ends == 0).tolist()


def _repeated(graph: Graph) -> int:
    pairs = graph.edges if graph.directed else np.sort(graph.edges, axis=0)
    return graph.num_edges - len(np.unique(pairs, axis=1).T)


def _unread(found: Opened, modality: Modality) -> Iterator[Finding]:
    """Columns of an edge table of its own that nobody reads."""
    if found.edges is None or found.edges is found.rows or found.edges is found.nodes:
        return
    read = {modality.source, modality.target, modality.kind, *modality.edge_features}
    left = [str(each) for each in found.edges.columns if each not in read]
    left = [each for each in left if found.nodes is None or modality.rows != "graphs" or each not in found.rows]
    if left:
        sentence = f"columns of the edge table are not read: {', '.join(left)}; edge_features names those that are"
        yield Finding("info", "columns of edges", sentence, len(left), tuple(left[:5]))
