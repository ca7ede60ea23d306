"""What is learned of graphs in training: the scales of features, and what cells, columns and kinds of edges there are.

Legend: N nodes, M messages, G features of edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.errors import DataError
from salience.data.graph import Features, Graph, NodeView, PairView
from salience.data.graph_columns import Columns
from salience.data.graph_cut import ADDED
from salience.data.graph_example import Cell
from salience.data.graph_features import Scaling

_CELLS: dict[type, str] = {NodeView: "node", PairView: "pair", Graph: "graph"}


@dataclass(frozen=True)
class Learned:
    """What was learned of training cells. `columns` is None where graphs came from no tables."""

    cell: str
    asked: int
    kinds: tuple[str, ...]
    columns: Columns | None
    nodes: Scaling
    edges: Scaling | None

    @classmethod
    def fit(cls, cells: Sequence[Any], scale: str | None) -> Learned:
        """Learn from the nodes of training cells, and from all edges of their graphs.

        Raises:
            DataError: a cell of another kind, or no cell.
        """
        read = [checked(cell) for cell in cells if cell is not None]
        found = {type(cell) for cell in read}
        if len(found) != 1:
            names = ", ".join(sorted(each.__name__ for each in found)) or "none"
            raise DataError(
                f"the cells of a graph column must be of one kind, got {names}",
                fix="give nodes (graph.at), pairs (graph.between) or graphs",
            )
        graphs = list({id(graph): graph for graph in map(graph_in, read)}.values())
        first = graphs[0]
        along = [each.edge_features for each in graphs if each.edge_features is not None]
        return cls(
            _CELLS[type(read[0])],
            0 if isinstance(read[0], Graph) else len(read[0].asked),
            first.kind_names if first.kinds is not None else (),
            first.columns,
            Scaling.fit(_rows(read), scale),
            Scaling.fit(np.concatenate(along), "none" if scale == "none" else "standard") if along else None,
        )

    def check(self, cell: Cell) -> None:
        """Refuse what a model that learned this cannot read.

        Raises:
            DataError: a cell of another kind, or a graph with other features or kinds of edges.
        """
        graph = graph_in(cell)
        if _CELLS[type(cell)] != self.cell:
            raise DataError(f"expected a {self.cell}, as in training, got {type(cell).__name__}")
        edges = 0 if graph.edge_features is None else graph.edge_features.shape[1]
        for what, found, wanted in (
            ("nodes", graph.num_features, len(self.nodes.mean)),
            ("edges", edges, len(self.edges.mean) if self.edges else 0),
        ):
            if found != wanted:
                raise DataError(
                    f"the {what} of {graph.source} have {found} features; in training they had {wanted}",
                    fix="give the same columns",
                )
        if self.columns is not None and graph.columns not in (None, self.columns):
            raise DataError(
                f"the columns of {graph.source} were read in another way than in training",
                fix="read them with read_graph(..., columns=...), or give the tables to the run",
            )
        known = graph.kind_names if graph.kinds is not None else ()
        if known != self.kinds:
            raise DataError(f"edges are of the kinds {list(known)}; in training they were of {list(self.kinds)}")

    def along(self, graph: Graph | None, numbers: Int[np.ndarray, "M"] | None) -> Float[np.ndarray, "M G"] | None:
        """The scaled features of edges, and those of the average edge for what is none of the user's."""
        if self.edges is None:
            return None
        if graph is None or graph.edge_features is None or numbers is None:
            return np.zeros((0, len(self.edges.mean)))
        values = np.tile(self.edges.mean, (len(numbers), 1))
        given = numbers != ADDED
        values[given] = self.edges.scaled(graph.edge_features[numbers[given]])
        return values

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "cell": self.cell,
            "asked": self.asked,
            "kinds": list(self.kinds),
            "columns": self.columns.to_json() if self.columns else None,
            "edges": self.edges.to_json() if self.edges else None,
            **self.nodes.to_json(),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Learned:
        """The inverse of `to_json`."""
        columns, edges = state.get("columns"), state.get("edges")
        return cls(
            state["cell"],
            state["asked"],
            tuple(state["kinds"]),
            Columns.from_json(columns) if columns else None,
            Scaling.from_json(state),
            Scaling.from_json(edges) if edges else None,
        )


def checked(cell: Any) -> Cell:
    """A cell that is one.

    Raises:
        DataError: it is anything else.
    """
    if not isinstance(cell, NodeView | PairView | Graph):
        raise DataError(
            f"expected a node, a pair or a graph, got {type(cell).__name__} ({cell!r:.40})",
            fix="give what graph.at([...]) or graph.between([...]) return, or a Graph",
        )
    return cell


def graph_in(cell: Cell) -> Graph:
    """The graph that a cell lies in."""
    return cell if isinstance(cell, Graph) else cell.graph


def tensor(values: Float[np.ndarray, "M G"] | None) -> Tensor | None:
    """Numbers as a model reads them."""
    return None if values is None else torch.from_numpy(values.astype(np.float32))


def _rows(cells: Sequence[Cell]) -> Features:
    """The features of all nodes of graphs, or of the nodes that are asked about, each once."""
    numbers: dict[int, tuple[Graph, list[int]]] = {}
    for cell in cells:
        graph = graph_in(cell)
        nodes = range(graph.num_nodes) if isinstance(cell, Graph) else cell.asked
        numbers.setdefault(id(graph), (graph, []))[1].extend(nodes)
    parts = [graph.features[np.unique(nodes)] for graph, nodes in numbers.values()]
    return scipy.sparse.vstack(parts).tocsr() if scipy.sparse.issparse(parts[0]) else np.concatenate(parts)
