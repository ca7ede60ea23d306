"""Marked text: every character kept, every mark where its unit is, nothing of it ever HTML."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.core.place import Heat, Span, Unit
from salience.reports.render import span
from salience.reports.visible import visible
from tests.reports.page_reader import read


def _heat(text, start, stop, score, column="review"):
    return Heat(Unit(column, text[start:stop], Span(start, stop)), score)


@st.composite
def marked_texts(draw):
    """Any text, cut into units that do not overlap, with scores of both signs."""
    text = draw(st.text(st.characters(exclude_categories=()) | st.sampled_from("<>&\"'\r\n \x00"), max_size=60))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [_heat(text, start, stop, draw(st.floats(-5, 5))) for start, stop in pairs]


def test_marks_by_hand():
    text = "a <superb> mess"
    html = span.render(text, [_heat(text, 11, 15, -0.2), _heat(text, 3, 9, 0.5)])
    assert html == (
        'a &lt;<mark class="for l5" title="0.500">superb</mark>&gt; <mark class="against l2" title="−0.200">mess</mark>'
    )


@given(marked_texts())
def test_the_text_is_kept_to_the_letter_and_nothing_in_it_becomes_an_element(given_text):
    text, heats = given_text
    page = read(span.render(text, heats))
    assert page.text == visible(text)
    assert {element.tag for element in page.all()} <= {"mark"}


@given(marked_texts())
def test_each_mark_holds_one_unit_and_its_sign(given_text):
    text, heats = given_text
    marks = read(span.render(text, heats)).all("mark")
    units = {(visible(heat.unit.text), "against" if heat.score < 0 else "for") for heat in heats}
    assert {(mark.text, mark.attributes["class"].split()[0]) for mark in marks} <= units


@given(marked_texts(), st.randoms())
def test_the_order_of_heats_does_not_matter(given_text, random):
    text, heats = given_text
    shuffled = heats.copy()
    random.shuffle(shuffled)
    # Units of no length at one place are equal but for their order.
    if len({heat.unit.place.start for heat in heats}) == len(heats):
        assert span.render(text, shuffled) == span.render(text, heats)


def test_overlapping_units_are_refused():
    text = "overlap"
    with pytest.raises(DataError, match="two units overlap") as caught:
        span.render(text, [_heat(text, 0, 4, 0.5), _heat(text, 3, 7, 0.5)])
    assert caught.value.where == "column 'review', characters 3 to 7"


@pytest.mark.parametrize("place", [Span(-1, 2), Span(2, 8), Span(4, 2)])
def test_a_unit_outside_the_text_is_refused(place):
    with pytest.raises(DataError, match="lies outside the text, which has 7 characters"):
        span.render("outside", [Heat(Unit("review", "", place), 0.5)])


def test_a_long_text_is_shown_around_what_mattered_and_the_gaps_are_counted():
    text = "plain words " * 500 + "superb " + "plain words " * 500
    html = span.render(text, [_heat(text, 6000, 6006, 0.9)], limit=600)
    page = read(html)
    gaps = [element.text for element in page.all("span", "gap")]
    left_out = sum(int(re.sub(r"\D", "", gap)) for gap in gaps)
    assert [mark.text for mark in page.all("mark")] == ["superb"]
    assert left_out + len(page.text) - sum(map(len, gaps)) == len(text)
    assert len(page.text) < 700


def test_a_unit_longer_than_its_window_is_marked_as_far_as_it_is_seen():
    text = "x" * 5000
    page = read(span.render(text, [_heat(text, 0, 5000, 1.0)], limit=1000))
    assert len(page.all("mark")) == 1
    assert set(page.all("mark")[0].text) == {"x"}


def test_a_page_full_of_units_is_marked_only_where_they_are_strongest():
    text = "ab" * 1000
    heats = [_heat(text, place, place + 1, 1.0 + (place == 1999)) for place in range(2000)]
    page = read(span.render(text, heats))
    assert len(page.all("mark")) == 250
    assert page.text == text
