"""The picture of a neighbourhood shows every unit once, the same each time, and nothing that could run."""

import json
import re

import pytest

from salience.core.errors import DataError
from salience.core.place import Edge, Heat, Node, Unit
from salience.reports.render import render


def heat(text: str, place, score: float) -> Heat:
    return Heat(Unit("paper", text, place), score)


HEATS = [
    heat("a", Node("a"), 0.2),
    heat("b", Node("b"), 0.3),
    heat("c<script>", Node("c<script>"), -0.1),
    heat("b -> a", Edge("b", "a", 0), 0.4),
    heat("b -> a", Edge("b", "a", 1), 0.1),
    heat("c<script> -> b", Edge("c<script>", "b", 2), -0.2),
    heat("a -> a (added)", Edge("a", "a", None, added=True), 0.05),
]
CELL = json.dumps({"asked": ["a"]})


def test_every_unit_is_drawn_once_with_its_score() -> None:
    picture = str(render(CELL, HEATS))
    titles = re.findall(r"<title>(.*?)</title>", picture)
    assert len(titles) == len(HEATS)
    assert picture.count("<circle") == 3
    assert picture.count('<path class="edge') == 4
    assert picture.count("stroke-dasharray") == 1
    assert picture.count('class="edge against"') == 1


def test_nothing_of_the_data_can_run() -> None:
    picture = str(render(CELL, HEATS))
    assert "<script>" not in picture
    assert "c&lt;script&gt;" in picture


def test_the_asked_node_stands_in_the_middle_and_the_widest_edge_matters_most() -> None:
    picture = str(render(CELL, HEATS))
    assert re.search(r'class="node for asked" cx="-?0.0" cy="-?0.0"', picture)
    widths = {
        title: float(width) for width, title in re.findall(r'stroke-width="([\d.]+)"[^>]*><title>(.*?):', picture)
    }
    assert max(widths.values()) == 9.0


def test_edges_between_the_same_nodes_lie_apart() -> None:
    paths = re.findall(r'd="([^"]+)"', str(render(CELL, HEATS)))
    assert len(set(paths)) == 4


def test_the_same_graph_is_always_drawn_alike() -> None:
    assert render(CELL, HEATS) == render(CELL, list(reversed(HEATS)))


def test_of_many_nodes_the_strongest_are_drawn_and_the_others_counted() -> None:
    many = [heat(str(i), Node(i), i / 100) for i in range(50)]
    many += [heat(f"{i} -> 0", Edge(i, 0, i), i / 100) for i in range(1, 50)]
    picture = str(render(json.dumps({"asked": ["0"]}), many))
    assert picture.count("<circle") == 36
    assert "and 14 more nodes" in picture
    assert ">49</text>" in picture


def test_a_cell_that_names_no_nodes_is_an_error() -> None:
    with pytest.raises(DataError, match="does not name the nodes of a graph"):
        render("plain text", HEATS)
