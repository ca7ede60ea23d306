"""Where words and characters begin and end."""

import re
import sys
import time
import unicodedata

import pytest

from salience.data.tokens import pattern


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Don't stop: it’s well-known, snake_case!",
            ["Don't", "stop", ":", "it’s", "well-known", ",", "snake_case", "!"],
        ),
        ("'tis -5 a--b rock 'n' roll", ["'", "tis", "-", "5", "a", "-", "-", "b", "rock", "'", "n", "'", "roll"]),
        ("3.5 1,000,000.25 10:30 v2.x 3.", ["3.5", "1,000,000.25", "10:30", "v2", ".", "x", "3", "."]),
        ("...", [".", ".", "."]),
        ("cafe\u0301 naïve", ["cafe\u0301", "naïve"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("co\u00adop", ["co\u00adop"]),
        ("今天 天気がいい", ["今", "天", "天", "気", "が", "い", "い"]),
        ("T恤 20号", ["T", "恤", "20", "号"]),
        ("𠮷\U000e0100野", ["𠮷\U000e0100", "野"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("שָׁלוֹם, مرحبا", ["שָׁלוֹם", ",", "مرحبا"]),
        ("👨‍👩‍👧👍🏽 🇩🇪🇫🇷 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", ["👨‍👩‍👧", "👍🏽", "🇩🇪", "🇫🇷", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]),
        ("\x00\x1f\u200b\ufeff\u00a0\u3000", []),
    ],
)
def test_words_are_what_a_reader_calls_words(text: str, expected: list[str]) -> None:
    assert pattern.word().findall(text) == expected


def test_characters_keep_their_marks_and_emoji_stay_whole() -> None:
    expected = ["a", "1", "e\u0301", "好", "！", "👨\u200d👩\u200d👧", "🇩🇪", "_"]
    assert pattern.character().findall("a1 e\u0301好！👨\u200d👩\u200d👧🇩🇪_") == expected


@pytest.mark.parametrize("made", [pattern.word, pattern.character])
def test_each_letter_and_digit_there_is_makes_a_word(made: object) -> None:
    alone = made()
    letters = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isalnum()]
    assert len(letters) > 100_000
    assert [letter for letter in letters if not alone.fullmatch(letter)] == []


def test_only_spaces_and_what_cannot_be_seen_make_no_word() -> None:
    found = pattern.word()
    silent = {chr(code) for code in range(sys.maxunicode + 1) if not found.match(chr(code))}
    assert {unicodedata.category(each) for each in silent} == {"Cc", "Cf", "Zs", "Zl", "Zp"}


def test_ideographs_and_kana_stand_alone_and_nothing_else_does() -> None:
    alone = re.compile(f"[{pattern.HAN_AND_KANA}]")
    for code in range(sys.maxunicode + 1):
        name = unicodedata.name(chr(code), "")
        if name.startswith(("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA LETTER", "KATAKANA LETTER")):
            assert alone.match(chr(code)), name
    assert not alone.search("aZ9й한กע")


@pytest.mark.parametrize(
    "text", ["a\u0301" * 50_000, "a'" * 50_000, "\u200d👩" * 50_000, "a" * 100_000, "1.1," * 25_000]
)
def test_time_grows_with_the_length_only(text: str) -> None:
    start = time.perf_counter()
    sum(1 for _ in pattern.word().finditer(text))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("piece", "lower", "expected"),
    [
        ("GOOD", True, "good"),
        ("GOOD", False, "GOOD"),
        ("ＧＯＯＤ", True, "good"),
        ("e\u0301", True, "é"),
        ("don’t", True, "don't"),
        ("ﬁlm", False, "film"),
    ],
)
def test_keys_are_folded(piece: str, lower: bool, expected: str) -> None:
    assert pattern.fold(piece, lower) == expected
