"""A label is written in a font that has it, or replaced and admitted."""

from __future__ import annotations

import pytest

from salience.reports import lettering


def test_latin_is_written_in_the_default_font():
    letters = lettering.Lettering()
    text, font = letters.label("naïve – Ωμέγα", instead="word 1")
    assert text == "naïve – Ωμέγα"
    assert font.get_file().endswith("DejaVuSans.ttf")
    assert letters.note == ""


def test_chinese_is_written_in_a_font_that_has_it():
    letters = lettering.Lettering()
    text, font = letters.label("外卖很好吃", instead="word 1")
    if text == "word 1":
        pytest.skip("no font with Chinese characters on this machine")
    assert {ord(letter) for letter in text} <= lettering._letters(font.get_file())


def test_without_such_a_font_numbers_stand_in_and_the_note_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lettering, "_fonts", lambda: (lettering._default(),))
    lettering._font_with.cache_clear()
    letters = lettering.Lettering()
    labels = [
        letters.label(text, instead=f"word {number}")[0] for number, text in enumerate(("好", "good", "吃", "好"), 1)
    ]
    lettering._font_with.cache_clear()
    assert labels == ["word 1", "good", "word 3", "word 4"]
    assert letters.note.startswith("No font on this machine can write 2 of the labels; numbers stand in their place.")


def test_a_file_that_is_no_font_has_no_letters(tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    assert lettering._letters(str(broken)) == frozenset()


def test_a_long_label_is_cut_and_kept_on_one_line():
    text, _ = lettering.Lettering().label("a\n" + "b" * 50, instead="word 1", most=10)
    assert text == "a↵bbbbbbb…"
