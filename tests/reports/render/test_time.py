"""The picture of a window: every number of it is there, and fields show where importance lies."""

import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from salience.core.errors import DataError
from salience.core.place import Heat, Stretch, Unit
from salience.reports.render import render

STAMPS = [f"day {t}" for t in range(7)]
AHEAD = [f"day {t}" for t in range(7, 10)]


def cell(**changes: Any) -> str:
    shown = {
        "series": "north",
        "stamps": STAMPS,
        "values": {"sold": [1.0, 2.0, None, 4.0, 5.0, 6.0, 7.0], "price": [2.0] * 7},
        "ahead": AHEAD,
        "forecasts": {
            "sold": {
                "values": [8.0, 9.0, 10.0],
                "truth": [8.5, None, 9.5],
                "levels": [0.1, 0.5, 0.9],
                "low": [7.0, 8.0, 9.0],
                "high": [9.0, 10.0, 11.0],
            }
        },
    }
    return json.dumps({**shown, **changes})


def heat(start: str, stop: str, variable: str | None, score: float) -> Heat:
    place = Stretch(start, stop, variable, "north")
    return Heat(Unit("history", "a stretch", place), score)


def drawn(heats: list[Heat], **changes: Any) -> ElementTree.Element:
    return ElementTree.fromstring(render(cell(**changes), heats))


def fields(picture: ElementTree.Element) -> dict[str, tuple[str, float]]:
    """What each field says, with its class and how strong it is."""
    return {
        rect.find("title").text: (rect.get("class"), float(rect.get("fill-opacity")))  # type: ignore[union-attr, arg-type, misc]
        for rect in picture.iter("rect")
        if rect.find("title") is not None
    }


def test_past_truth_forecast_and_interval_are_drawn() -> None:
    picture = drawn([heat("day 0", "day 0", "sold", 1.0)])
    lines = {each.get("class"): each.get("points", "").split() for each in picture.iter("polyline")}
    assert {name: len(points) for name, points in lines.items()} == {
        "curve": 6,
        "curve reference": 2,
        "curve shown": 3,
    }
    (band,) = picture.iter("polygon")
    assert len(band.get("points", "").split()) == 6
    xs = [float(point.split(",")[0]) for point in lines["curve"] + lines["curve shown"]]  # type: ignore[index]
    assert xs == sorted(xs)


def test_a_field_is_as_strong_as_its_share_of_the_strongest() -> None:
    found = fields(drawn([heat("day 1", "day 1", "sold", 0.6), heat("day 8", "day 8", "price", -0.3)]))
    assert found == {"sold, day 1: 0.600": ("for", 1.0), "price, day 8: −0.300": ("against", 0.5)}


def test_attention_by_step_has_a_row_for_each_and_says_how_far_the_ends_differ() -> None:
    shares = {"1": [0.5, 0.5, *[0.0] * 8], "2": [0.1] * 10, "3": [0.25, *[0.0] * 8, 0.75]}
    picture = drawn([heat("day 0", "day 0", "sold", 1.0)], attention=shares)
    found = fields(picture)
    assert found["step 1, day 1: 0.500"] == ("for", 0.67)
    assert found["step 3, day 9: 0.750"] == ("for", 1.0)
    assert sum(title.startswith("step 2, ") for title in found) == 10
    written = [each.text for each in picture.iter("text")]
    assert "attention by step of the forecast: 75% lies elsewhere for step 3 than for step 1" in written
    assert "importance by variable" in written
    # Titles come last, so that no line crosses them.
    assert picture[-1].text == "importance by variable"
    assert "attention by step" not in "".join(
        each.text or "" for each in drawn([heat("day 0", "day 0", "sold", 1.0)]).iter("text")
    )


def test_a_stretch_is_spread_over_its_fields() -> None:
    found = fields(drawn([heat("day 2", "day 4", None, 0.9)]))
    assert found == {f"all variables, day {t}: 0.300": ("for", 1.0) for t in (2, 3, 4)}


def test_many_time_stamps_share_fields_and_no_importance_is_lost() -> None:
    stamps = [f"t{i}" for i in range(1000)]
    values = {"x": [float(i) for i in range(1000)]}
    heats = [heat(f"t{i}", f"t{i}", "x", 1 / 1000) for i in range(1000)]
    found = fields(drawn(heats, stamps=stamps, values=values, ahead=[], forecasts={}))
    assert len(found) == 72
    assert sum(float(re.findall(r": ([\d.]+)$", title)[0]) for title in found) == pytest.approx(1, abs=0.01)


def test_fields_of_one_and_of_two_time_stamps_are_as_dark_where_both_matter_as_much() -> None:
    stamps = [f"t{i}" for i in range(100)]
    heats = [heat(each, each, "x", 0.01) for each in stamps]
    found = fields(drawn(heats, stamps=stamps, values={"x": [0.0] * 100}, ahead=[], forecasts={}))
    assert {float(re.findall(r": ([\d.]+)$", title)[0]) for title in found} == {0.01, 0.02}
    assert {shade for _, shade in found.values()} == {1.0}


def test_only_the_strongest_variables_have_a_row() -> None:
    values = {f"v{v}": [0.0] * 7 for v in range(20)}
    heats = [heat("day 0", "day 0", f"v{v}", v + 1.0) for v in range(20)]
    names = {title.partition(",")[0] for title in fields(drawn(heats, values=values, forecasts={}))}
    assert names == {f"v{v}" for v in range(8, 20)}


def test_names_cannot_break_out_of_the_picture() -> None:
    evil = '<script>"&'
    picture = render(cell(values={evil: [1.0] * 7}, forecasts={}), [heat("day 0", "day 0", evil, 1.0)])
    assert "<script>" not in picture
    ElementTree.fromstring(picture)


def test_a_window_without_any_number_is_drawn() -> None:
    drawn([heat("day 0", "day 0", None, 0.0)], values={"sold": [None] * 7}, forecasts={})
    assert "north" in drawn([heat("day 0", "day 0", None, 1.0)]).get("aria-label", "")


def test_what_is_no_window_and_what_lies_outside_of_one_are_errors() -> None:
    with pytest.raises(DataError, match="the cell does not hold the numbers of a window"):
        render("a text", [heat("day 0", "day 0", None, 1.0)])
    with pytest.raises(DataError, match="the stretch from day 11 to day 12 lies outside the window"):
        render(cell(), [heat("day 11", "day 12", None, 1.0)])
