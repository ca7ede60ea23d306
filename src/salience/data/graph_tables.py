"""The tables that questions about graphs are read from, as one thing that every verb takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class GraphTables:
    """Rows that ask about nodes, pairs or graphs, with the tables of the graph, or the graphs, that they ask about.

    Each is a CSV or Parquet file, a frame, or mappings; `nodes` may also be a graph of networkx or a `Data` of
    torch_geometric, which has its edges with it.

    Args:
        rows: what is asked: the node table itself, or ids of some of its nodes; pairs of ids; or ids of graphs.
        nodes: the node table, where the rows are not it.
        edges: the edge table.
    """

    rows: Any
    nodes: Any = None
    edges: Any = None
