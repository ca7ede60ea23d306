"""The kind of place decides how a cell is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from salience.core.errors import NotAvailable
from salience.core.place import Heat, Span, Unit
from salience.reports.render import render, span


@dataclass(frozen=True)
class Smell:
    """A kind of place nobody can draw."""


def test_spans_are_drawn_as_marked_text():
    heats = [Heat(Unit("review", "good", Span(0, 4)), 0.7)]
    assert render("good day", heats) == span.render("good day", heats)


def test_a_cell_without_importances_is_its_plain_text():
    assert render("a < b", []) == "a &lt; b"


def test_an_unknown_kind_of_place_is_not_available():
    with pytest.raises(NotAvailable, match="cannot draw importances at Smell") as caught:
        render("rose", [Heat(Unit("review", "rose", Smell()), 1.0)])
    assert caught.value.fix.startswith("places that can be drawn: ")


def test_two_kinds_of_places_in_one_cell_are_not_available():
    heats = [Heat(Unit("a", "x", Span(0, 1)), 1.0), Heat(Unit("a", "y", Smell()), 1.0)]
    with pytest.raises(NotAvailable, match="Smell, Span in one cell"):
        render("xy", heats)
