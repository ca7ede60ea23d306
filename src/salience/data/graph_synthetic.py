"""A made-up graph whose right answer and right place to look are known.

Legend: N asked nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salience.core.errors import ConfigError
from salience.core.place import Edge, Node
from salience.data.graph import Graph, NodeView

COLOURS = ("red", "green", "blue", "yellow", "grey")
SHAPES = ("disc", "square", "star", "moon")


@dataclass(frozen=True)
class PlantedGraph:
    """Nodes to ask, their classes, and the places of the motif that decides each."""

    graph: Graph
    cells: list[NodeView]
    labels: list[str]
    evidence: list[frozenset[Node | Edge]]

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """A node table (`node`, `colour`, `shape`, and `label` of the asked nodes) and an edge table."""
        looks = np.asarray(self.graph.features)
        known = dict(zip((cell.id for cell in self.cells), self.labels, strict=True))
        nodes = pd.DataFrame(
            {
                "node": self.graph.ids,
                "colour": [COLOURS[i] for i in looks[:, : len(COLOURS)].argmax(1)],
                "shape": [SHAPES[i] for i in looks[:, len(COLOURS) :].argmax(1)],
                "label": [known.get(each) for each in self.graph.ids],
            }
        )
        return nodes, pd.DataFrame({"source": self.graph.edges[0], "target": self.graph.edges[1]})


def planted_graph(*, nodes: int = 400, fewest: int = 3, most: int = 8, seed: int = 0) -> PlantedGraph:
    """Asked nodes with `fewest` to `most` neighbours, each of which has a neighbour of its own.

    One neighbour is red, and the shape of the node behind it is the class of the asked node. The others have any other
    colour, and any shape behind them, so that only the chain of two edges through the red node tells the answer.

    Raises:
        ConfigError: fewer than one node, or no room between `fewest` and `most`.
    """
    if nodes < 1 or not 1 <= fewest <= most:
        raise ConfigError(f"nodes is {nodes}, fewest is {fewest} and most is {most}", fix="1 <= fewest <= most")
    chance = np.random.default_rng(seed)
    looks: list[tuple[int, int]] = []  # colour and shape of each node
    edges: list[tuple[int, int]] = []
    asked: list[int] = []
    labels: list[str] = []
    evidence: list[frozenset[Node | Edge]] = []
    for _ in range(nodes):
        centre, red = len(looks), chance.integers(count := int(chance.integers(fewest, most + 1)))
        looks.append((int(chance.integers(1, len(COLOURS))), int(chance.integers(len(SHAPES)))))
        for each in range(count):
            beside, shape = len(looks), int(chance.integers(len(SHAPES)))
            colour = 0 if each == red else int(chance.integers(1, len(COLOURS)))
            looks.append((colour, int(chance.integers(len(SHAPES)))))
            looks.append((int(chance.integers(1, len(COLOURS))), shape))
            edges += [(beside, centre), (beside + 1, beside)]
            if each == red:
                labels.append(SHAPES[shape])
                motif = (Edge(*edges[number], number) for number in (len(edges) - 2, len(edges) - 1))
                evidence.append(frozenset({Node(beside), Node(beside + 1), *motif}))
        asked.append(centre)
    features = np.concatenate(
        [np.eye(len(COLOURS))[[a for a, _ in looks]], np.eye(len(SHAPES))[[b for _, b in looks]]], 1
    )
    graph = Graph(
        list(range(len(looks))), features, np.array(edges).T, names=(*COLOURS, *SHAPES), source="planted_graph"
    )
    return PlantedGraph(graph, graph.at(asked), labels, evidence)
