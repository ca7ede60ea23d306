from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from benchmarks.exhibit import curves, picture
from benchmarks.exhibit.svg import SHADES, cells, shade

LOOK = {
    "name": "Some",
    "sources": ["red cup", "blue hat", "white key", "pink ball"],
    "queries": ["red cup", "blue hat", "white key", "pink ball"],
    "weights": [[1.0, 0.0, 0.0, 0.0]] * 3 + [[0.5, 0.0, -0.5, 0.0]],
    "received": [0.875, 0.0, -0.125, 0.0],
    "planted": [True, False, False, False],
    "asked": None,
    "grid": None,
    "edges": None,
}


def texts(drawn: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]


def test_nothing_is_white_and_all_is_deep_blue() -> None:
    assert (shade(0), shade(SHADES), shade(-SHADES)) == ("#ffffff", "#103a7a", "#b05400")


def test_a_weight_becomes_a_square_and_no_weight_none() -> None:
    (path, frame) = cells([[0.0, 1.0]], 10, 20, 5, largest=1.0)
    assert path == '<path d="M15 20h5v5h-5z" fill="#103a7a"/>'
    assert 'width="10" height="5"' in frame


def test_without_any_weight_only_the_frame_is_drawn() -> None:
    assert len(cells([[0.0, 0.0]], 0, 0, 5, largest=0.0)) == 1


def test_a_field_names_every_query_and_source_and_what_was_received() -> None:
    drawn = picture.draw(LOOK)
    assert sorted(texts(drawn)) == sorted([*LOOK["sources"], *LOOK["queries"], "received"])
    assert len(re.findall('fill="#c22"', drawn)) == 1


def test_patches_show_what_is_there_and_how_much_each_received() -> None:
    drawn = picture.draw({**LOOK, "grid": [2, 2]})
    assert texts(drawn).count("cup") == 1
    assert texts(drawn).count(".88") == 1
    assert len(re.findall("stroke-dasharray", drawn)) == 3


def test_a_graph_shows_the_edges_of_the_one_that_is_asked_by_their_weights() -> None:
    drawn = picture.draw({**LOOK, "edges": [[0, 3], [3, 0], [2, 3], [1, 2], [2, 1]], "asked": 3})
    widths = re.findall(r'stroke="#103a7a" stroke-width="([\d.]+)"', drawn)
    assert widths == ["4.7", "4.7"]
    assert "pink ball (asks)" in texts(drawn)


@pytest.mark.parametrize("more", [{}, {"grid": [1, 2, 2]}, {"edges": [[0, 1]], "asked": 1}])
def test_the_same_look_is_drawn_alike(more: dict) -> None:
    assert picture.draw({**LOOK, **more}) == picture.draw({**LOOK, **more})


def test_curves_rise_with_cost_and_name_every_mechanism() -> None:
    drawn = curves.draw({"One": [(64, 1.0, 2.0), (128, 10.0, 20.0)], "Two": [(64, 3.0, 3.0), (128, 3.0, 3.0)]})
    lines = re.findall(r'<polyline points="([^"]+)"', drawn)
    assert len(lines) == 4
    first, second = (tuple(map(float, each.split(","))) for each in lines[0].split())
    assert second[0] > first[0]
    # SVG counts downwards.
    assert second[1] < first[1]
    assert {"One", "Two", "64", "128"} <= set(texts(drawn))
