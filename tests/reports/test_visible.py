"""Characters that act instead of showing are made to show."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from salience.reports.visible import on_one_line, shortened, visible

any_text = st.text(st.characters(exclude_categories=()))


@given(any_text)
def test_offsets_stay_and_only_layout_controls_remain(text):
    shown = visible(text)
    assert len(shown) == len(text)
    assert {letter for letter in shown if unicodedata.category(letter) in ("Cc", "Cs")} <= set("\t\n\r")
    shown.encode()


@given(any_text)
def test_one_line_is_one_line_without_controls_or_turns_of_direction(text):
    shown = on_one_line(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in shown)
    assert not any(unicodedata.bidirectional(letter) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI") for letter in shown)


@given(st.text(), st.integers(1, 20))
def test_a_shortened_text_is_never_longer_than_asked(text, most):
    shown = shortened(text, most)
    assert len(shown) <= most
    assert shown == text or shown == text[: most - 1] + "…"


def test_plain_chinese_and_emoji_pass_unchanged():
    assert on_one_line("外卖 很好吃 👍🏽") == visible("外卖 很好吃 👍🏽") == "外卖 很好吃 👍🏽"
