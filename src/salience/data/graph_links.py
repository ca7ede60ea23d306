"""Edges to be predicted: some are taken out of a graph, and pairs without an edge stand beside them.

Legend: E edges, P pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from salience.core.errors import ConfigError, DataError
from salience.core.seed import derive
from salience.data.graph import Graph, PairView

LINKED, APART = "linked", "apart"


@dataclass(frozen=True)
class Links:
    """Pairs of nodes on three sides, with whether an edge joined them, over the graph that is left to look at."""

    graph: Graph
    cells: dict[str, list[PairView]]
    labels: dict[str, list[str]]


def predict_links(graph: Graph, *, fractions: Sequence[float] = (0.7, 0.15, 0.05, 0.1), seed: int = 0) -> Links:
    """Divide the edges of a graph into those to look along, and those to predict in train, validation and test.

    An edge that is to be predicted is not in the graph that a model looks at, on any side, and neither is another edge
    between the same nodes, in either direction: all edges of a pair go together. Beside each pair with an edge stands
    one without, drawn evenly from all pairs of different nodes that have none; no pair is drawn twice. Loops are kept
    and never asked about. A model that only counts how often a node occurs can gain from that: pairs without an edge
    are drawn evenly, and nodes of many edges occur in more pairs with one.

    Args:
        fractions: shares of the pairs to look along, and to ask about in train, validation and test; their sum is 1.

    Raises:
        ConfigError: shares that do not sum to one.
        DataError: too few edges for a pair on each side, or too few pairs without an edge.
    """
    if len(fractions) != 4 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ConfigError(f"expected four shares above 0 that sum to 1, got {list(fractions)}", where="predict_links")
    chance = np.random.default_rng(derive(seed, "links"))
    ends = np.sort(graph.edges, axis=0)
    proper = ends[0] != ends[1]
    key = ends[0] * graph.num_nodes + ends[1]
    pairs = chance.permutation(np.unique(key[proper]))
    parts = np.split(pairs, np.round(np.cumsum(fractions)[:3] * len(pairs)).astype(int))
    if any(len(part) == 0 for part in parts):
        raise DataError(f"{len(pairs):,} pairs of nodes have an edge, too few to divide", where=graph.source)
    asked = np.concatenate(parts[1:])
    left = graph.without_edges(np.flatnonzero(np.isin(key, asked) & proper))
    apart = np.split(_apart(graph, set(pairs.tolist()), len(asked), chance), np.cumsum([len(p) for p in parts[1:3]]))
    cells, labels = {}, {}
    for side, linked, others in zip(("train", "validation", "test"), parts[1:], apart, strict=True):
        both = np.concatenate([linked, others])
        order = chance.permutation(len(both))
        cells[side] = [PairView(left, *divmod(int(both[i]), graph.num_nodes)) for i in order]
        labels[side] = [LINKED if i < len(linked) else APART for i in order]
    return Links(left, cells, labels)


def _apart(graph: Graph, linked: set[int], count: int, chance: np.random.Generator) -> Int[np.ndarray, "P"]:
    """Pairs of different nodes without an edge, none twice."""
    size = graph.num_nodes
    if size * (size - 1) // 2 - len(linked) < count:
        raise DataError(
            f"there are fewer than {count:,} pairs of nodes without an edge", where=graph.source, fix="ask for fewer"
        )
    found: dict[int, None] = {}
    while len(found) < count:
        drawn = np.sort(chance.integers(size, size=(2, 2 * count)), axis=0)
        for first, second in drawn.T.tolist():
            key = first * size + second
            if first != second and key not in linked and len(found) < count:
                found.setdefault(key)
    return np.array(list(found), dtype=np.int64)
