"""One example on a page: nothing of its importance is lost, and long texts find their room."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from salience.core.place import Heat, Stretch, Unit
from salience.reports import layout
from salience.reports.content import Method, ReportContent, ShownExample
from tests.reports import sample


def test_the_listed_units_and_the_rest_make_the_whole():
    content = sample.english()
    first = layout.lay_out(content)[0].views[0]
    scores = sorted((heat.score for heat in content.examples[0].heats[sample.RECEIVED.name]), reverse=True)
    assert [unit.text for unit in first.units] == ["superb", "moving", "love", "thin", "never", "quietly"]
    assert first.units[0].score == f"{100 * scores[0]:.0f}%"
    assert first.rest == f"{len(scores) - 6} others: {100 * sum(scores[6:]):.0f}%"


def test_signed_scores_show_their_sign_and_their_side():
    units = layout.lay_out(sample.english())[0].views[2].units
    assert [(unit.text, unit.score, unit.kind) for unit in units][2:4] == [
        ("love", "+1.80", "for"),
        ("thin", "−1.10", "against"),
    ]


def test_columns_share_one_scale():
    cells = layout.lay_out(sample.tickets())[0].views[0].cells
    assert [cell.column for cell in cells] == ["subject", "body", "priority"]
    assert 'class="for l5"' in cells[0].picture
    # The strongest word of the second column is only three quarters of the strongest of all.
    assert 'class="for l4"' in cells[1].picture
    assert 'class="for l5"' not in cells[1].picture
    assert cells[2].picture == "3"


def test_of_two_classes_no_bars_are_drawn_and_of_many_the_true_one_always():
    assert layout.lay_out(sample.english())[0].classes == ()
    bars = layout.lay_out(sample.tickets())[0].classes
    assert [bar.name for bar in bars] == [f"department {number}" for number in (1, 2, 3, 4, 5, 13)]
    assert [bar.predicted for bar in bars] == [True, False, False, False, False, False]


def test_an_example_without_importances_is_shown_plainly():
    laid = layout.lay_out(sample.tickets())[1]
    assert laid.views == ()
    assert laid.plain[0].picture == "Invoice 4711 is wrong"


def test_an_example_in_which_nothing_mattered_lists_nothing():
    content = sample.english()
    flat = tuple(replace(heat, score=0.0) for heat in content.examples[0].heats[sample.RECEIVED.name])
    view = layout.lay_out(
        replace(content, examples=(replace(content.examples[0], heats={sample.RECEIVED.name: flat}),))
    )[0].views[0]
    assert view.units == ()
    assert "<mark" not in view.cells[0].picture


def test_long_cells_are_shown_in_part_and_kept_whole_beside():
    laid = layout.lay_out(sample.many(2, words=3000))[0]
    assert len(laid.views[0].cells[0].picture) < 3 * layout.SHOWN
    assert laid.whole[0].characters == len(laid.shown.cells["review"])
    assert laid.left_out == ()


def test_whole_texts_without_room_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch):
    # Room for the windows of both examples and for one whole text.
    monkeypatch.setattr(layout, "ROOM", 50_000)
    first, second = layout.lay_out(sample.many(2, words=3000))
    assert [len(each.whole) for each in (first, second)] == [1, 0]
    assert second.left_out[0].characters == len(second.shown.cells["review"])


def test_dates_in_the_list_are_not_broken_at_their_hyphens():
    days = ["2024-01-01", "2024-01-02"]
    cell = json.dumps({"stamps": days, "values": {"pre-tax": [1.0, 2.0]}})
    unit = Unit("history", "pre-tax, 2024-01-02", Stretch("2024-01-02", "2024-01-02", "pre-tax", None))
    method = Method("attention", "where it looked", signed=False)
    example = ShownExample("1", {"history": cell}, "up", heats={"attention": (Heat(unit, 1.0),)})
    content = ReportContent("days", "now", ("days",), methods=(method,), examples=(example,))
    (listed,) = layout.lay_out(content)[0].views[0].units
    assert listed.text == "pre-tax, 2024\N{NON-BREAKING HYPHEN}01\N{NON-BREAKING HYPHEN}02"
