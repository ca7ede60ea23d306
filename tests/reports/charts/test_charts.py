"""Charts say in words what they show, draw every point, and escape every name."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from salience.evaluation.score import Score
from salience.reports import charts
from salience.reports.content import Calibration, CalibrationBin, CurvePoint, Epoch, History
from tests.reports.page_reader import read

POINTS = (CurvePoint(1.0, 0.0), CurvePoint(0.0, 4.0, 3.5, 4.5), CurvePoint(0.5, 1.0, 0.5, 1.5))


def _curves(*lines):
    return read(charts.curves(lines, x_label="share", y_label="log-odds", description="said aloud"))


def test_a_curve_is_drawn_from_left_to_right_with_the_band_it_has():
    chart = _curves(charts.Line("attention", "shown", POINTS))
    places = [float(point.split(",")[0]) for point in chart.all("polyline", "shown")[0].attributes["points"].split()]
    assert places == sorted(places)
    assert len(places) == 3
    assert len(chart.all("polygon")[0].attributes["points"].split()) == 4
    assert chart.all("svg")[0].attributes["aria-label"] == "said aloud"


def test_each_curve_is_named_beside_its_end_and_names_keep_apart():
    same = tuple(charts.Line(name, "best", POINTS) for name in ("one", "two", "integrated gradients"))
    labels = _curves(*same).all("text", "label")
    assert [label.text for label in labels] == ["one", "two", "integrated", "gradients"]
    heights = sorted(float(label.attributes["y"]) for label in labels)
    assert all(below - above >= 14.9 for above, below in pairwise(heights))


def test_a_curve_without_points_is_left_out():
    assert (
        _curves(charts.Line("attention", "shown", POINTS), charts.Line("none", "best", ())).all("text", "label")[1:]
        == []
    )


@pytest.mark.parametrize("attack", ["<script>x</script>", '" onload="x', "a&b"])
def test_names_in_charts_are_escaped(attack):
    html = charts.curves([charts.Line(attack, "shown", POINTS)], x_label=attack, y_label=attack, description=attack)
    page = read(html)
    assert {element.tag for element in page.all()} == {"svg", "line", "text", "polygon", "polyline"}
    assert page.all("svg")[0].attributes["aria-label"] == attack
    assert set(page.all("svg")[0].attributes) == {"class", "viewbox", "role", "aria-label"}


def test_reliability_draws_filled_bins_only_and_says_them():
    bins = (CalibrationBin(0.55, 0.5, 10), CalibrationBin(0.65, 0.0, 0), CalibrationBin(0.95, 0.9, 40))
    chart = read(charts.reliability(Calibration(bins, Score(0.05))))
    points = chart.all("circle")
    assert len(points) == 2
    assert float(points[0].attributes["r"]) < float(points[1].attributes["r"])
    assert "55% stated, 50% right; 95% stated, 90% right" in chart.all("svg")[0].attributes["aria-label"]


def test_history_marks_the_kept_epoch_and_leaves_out_what_was_not_measured():
    epochs = (
        Epoch(1, 0.9, None, 1e-3, 1.0, best=True),
        Epoch(2, 0.5, 0.7, 1e-3, 1.0, best=True),
        Epoch(3, 0.4, 0.6, 1e-3, 1.0),
    )
    told = History("accuracy", epochs)
    assert len(read(charts.loss(told)).all("circle")) == 3
    assert len(read(charts.validation(told)).all("circle")) == 2
    assert [label.text for label in read(charts.validation(told)).all("text", "label")] == ["kept"]
    # Both epochs were the best when they ended; the later one was kept.
    kept, second = read(charts.loss(told)).all("line", "kept")[0], read(charts.loss(told)).all("circle")[1]
    assert kept.attributes["x1"] == second.attributes["cx"]


def test_history_of_one_epoch_or_without_validation_is_still_drawn():
    only = Epoch(1, 0.9, None, 1e-3, 1.0)
    assert len(read(charts.loss(History("accuracy", (only,)))).all("circle")) == 1
    assert charts.validation(History("accuracy", (only,))) == ""
    assert len(read(charts.validation(History("accuracy", (replace(only, validation=0.5),)))).all("circle")) == 1


def test_bars_stay_inside_their_cell():
    assert 'width="100.0%"' in charts.bar(1.7)
    assert 'width="0.0%"' in charts.bar(-0.2)
    assert 'width="25.0%"' in charts.bar(0.25)


def test_an_interval_bar_by_hand():
    drawn = read(charts.interval_bar(Score(0.5, 0.25, 1.0), (0.0, 1.0)))
    assert drawn.all("circle")[0].attributes["cx"] == "50.0%"
    reach = drawn.all("line", "reach")[0].attributes
    assert (reach["x1"], reach["x2"]) == ("27.5%", "95.0%")
    assert charts.interval_bar(Score(None, reason="undefined"), (0.0, 1.0)) == ""


def test_an_interval_bar_on_a_scale_of_one_value_is_in_the_middle():
    assert 'cx="50.0%"' in charts.interval_bar(Score(0.5), (0.5, 0.5))


@pytest.mark.parametrize("value", [-3.0, -0.2, 0.0, 0.81, 1.0, 2.5])
def test_a_skill_is_always_on_its_scale(value):
    drawn = read(charts.skill_scale(Score(value, value - 0.1, value + 0.1), weak_from=0.3, pass_from=0.7))
    assert 0 <= float(drawn.all("circle")[0].attributes["cx"].rstrip("%")) <= 100
    assert [label.text for label in drawn.all("text", "zone")] == ["misleading", "fail", "weak", "pass"]
    assert charts.skill_scale(Score(None), weak_from=0.3, pass_from=0.7) == ""
