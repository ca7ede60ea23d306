"""Windows into a long text: in order, apart, around what matters, and not longer than asked."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from salience.core.place import Span
from salience.reports.render.window import AROUND, windows

long_texts = st.text(st.sampled_from("ab \n好"), min_size=2000, max_size=3000)
places = st.lists(st.integers(0, 1990).map(lambda start: Span(start, start + 7)), max_size=20)


@given(long_texts, places, st.integers(300, 1500))
def test_windows_are_in_order_apart_inside_and_within_the_limit(text, important, limit):
    chosen = windows(text, important, limit=limit)
    assert chosen[0].start == 0
    assert all(one.stop < two.start for one, two in pairwise(chosen))
    assert chosen[-1].stop <= len(text)
    assert sum(span.stop - span.start for span in chosen) <= limit


@given(long_texts, places)
def test_the_most_important_unit_is_always_inside(text, important):
    chosen = windows(text, important, limit=1500)
    for unit in important[:1]:
        assert any(span.start <= unit.start and unit.stop <= span.stop for span in chosen)


def test_a_short_text_is_one_window():
    assert windows("abc", [Span(1, 2)], limit=3) == [Span(0, 3)]


def test_windows_open_and_close_between_words():
    text = "word " * 600
    chosen = windows(text, [Span(1500, 1504)], limit=500)[1]
    assert text[chosen.start - 1] == " "
    assert text[chosen.start] == "w"
    assert text[chosen.stop] == " "
    assert AROUND <= 1500 - chosen.start < AROUND + 20
