"""The planted motif is where it says, and decides the class."""

import pytest

from salience.core.errors import ConfigError
from salience.core.place import Edge, Node
from salience.data.graph_synthetic import COLOURS, SHAPES, planted_graph


def test_the_shape_behind_the_red_neighbour_is_the_class() -> None:
    made = planted_graph(nodes=37, seed=3)
    looks = made.graph.features
    for cell, label, motif in zip(made.cells, made.labels, made.evidence, strict=True):
        edges = {place for place in motif if isinstance(place, Edge)}
        (last,) = (edge for edge in edges if edge.target == cell.id)
        (first,) = edges - {last}
        assert first.target == last.source
        assert motif - edges == {Node(last.source), Node(first.source)}
        assert looks[last.source][COLOURS.index("red")] == 1
        assert looks[first.source][len(COLOURS) + SHAPES.index(label)] == 1
        for edge in edges:
            assert made.graph.edges[:, edge.number].tolist() == [edge.source, edge.target]


def test_one_neighbour_of_each_is_red() -> None:
    made = planted_graph(nodes=37, seed=3)
    messages = made.graph.messages
    for cell in made.cells:
        beside = messages.source[messages.start[cell.number] : messages.start[cell.number + 1]]
        assert 3 <= len(beside) <= 8
        assert made.graph.features[beside, 0].sum() == 1


def test_sizes_that_cannot_be_are_an_error() -> None:
    with pytest.raises(ConfigError, match="fewest is 5 and most is 4"):
        planted_graph(fewest=5, most=4)
