"""The picture of a neighbourhood shows every unit once, the same each time, and nothing that could run."""

import json
import math
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


def test_an_arrow_leads_to_the_node_that_is_told_and_loops_have_none() -> None:
    picture = str(render(CELL, HEATS))
    assert picture.count('<polygon class="head') == 3
    assert picture.count('class="head against"') == 1
    undirected = str(render(json.dumps({"asked": ["a"], "directed": False}), HEATS))
    assert "<polygon" not in undirected
    assert "an arrow leads to the node that is told" in picture
    assert "an arrow" not in undirected


def test_an_arrow_ends_at_the_rim_of_its_node() -> None:
    heats = [heat("a", Node("a"), 1.0), heat("b", Node("b"), 1.0), heat("b -> a", Edge("b", "a", 0), 1.0)]
    picture = str(render(CELL, heats))
    tip = tuple(map(float, re.findall(r'points="([-\d.]+),([-\d.]+) ', picture)[0]))
    # The asked node stands at (0, 0), with the largest radius.
    assert math.hypot(*tip) == pytest.approx(15.0, abs=0.1)


def test_both_directions_of_a_pair_and_repetitions_lie_apart() -> None:
    pairs = [("a", "b"), ("b", "a"), ("a", "b"), ("b", "a")]
    heats = [heat(f"{one} -> {two}", Edge(one, two, i), 0.1 * i) for i, (one, two) in enumerate(pairs)]
    found = re.findall(r"Q([-\d.]+) ([-\d.]+) ", str(render(CELL, heats)))
    assert len(set(found)) == 4


def test_what_sizes_and_dashes_mean_is_said_as_far_as_they_occur() -> None:
    assert "dashed: loops that the model added" in render(CELL, HEATS)
    assert "dashed" not in render(CELL, [each for each in HEATS if "added" not in each.unit.text])


def test_a_long_graph_lies_and_fits_into_the_picture() -> None:
    chain = [heat(str(i), Node(i), 0.1) for i in range(8)]
    chain += [heat(f"{i} - {i + 1}", Edge(i, i + 1, i), 0.1) for i in range(7)]
    picture = str(render(json.dumps({"asked": [], "directed": False}), chain))
    across = [float(x) for x in re.findall(r'cx="([-\d.]+)"', picture)]
    down = [float(y) for y in re.findall(r'cy="([-\d.]+)"', picture)]
    assert 500 < max(across) - min(across) < 560
    assert max(down) - min(down) < 1


def test_a_graph_without_any_unit_is_an_empty_picture() -> None:
    assert "<circle" not in render(json.dumps({"asked": []}), [])


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
