"""Numbers are read as people write them, and what could be read in two ways is decided by the whole column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.data.number import Notation, is_mark, notation_of

POINT, COMMA = Notation(), Notation(decimal=",")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (" -7.50 ", -7.5),
        ("1e-3", 0.001),
        ("1,234", 1234),
        ("1,234,567.25", 1234567.25),
        ("-12,345", -12345),
        ("1 234.5", 1234.5),
        ("1\u202f234\u202f567", 1234567),
        ("1'234.50", 1234.5),
        ("1,23", None),
        ("1234,567", None),
        ("1,234 567", None),
        ("1,234,56", None),
        ("1,2,3", None),
        ("12 34", None),
        ("030 123 456", None),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("12 kg", None),
        ("5 %", None),
    ],
)
def test_with_a_point_commas_stand_between_thousands(text, number) -> None:
    assert POINT.read(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("79,8", 79.8),
        ("7", 7),
        ("-1.234,5", -1234.5),
        ("1.234.567", 1234567),
        ("1 234,5", 1234.5),
        ("1.234", 1234),
        ("1,5e3", 1500),
        ("1.5", None),
        ("1,234,567", None),
    ],
)
def test_with_a_comma_points_stand_between_thousands(text, number) -> None:
    assert COMMA.read(text) == number


@pytest.mark.parametrize("text", ["$1,234.50", "1,234.50 $", "-$1,234.50", "$ 1,234.50"])
def test_a_unit_stands_before_or_behind(text) -> None:
    found = Notation(unit="$").read(text)
    assert found is not None
    assert abs(found) == 1234.5
    assert POINT.read(text) is None
    assert Notation(unit="€").read(text) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "2.5"], POINT),
        (["1,234", "2,345"], POINT),
        (["1.234", "2.345"], POINT),
        (["1,234", "2,5"], COMMA),
        (["1.234", "2.345,5"], COMMA),
        (["79,8", "80"], COMMA),
        (["12%", "7 %", "100%"], Notation(unit="%")),
        (["12,5 €", "7,0 €"], Notation(decimal=",", unit="€")),
        (["n/a", "?", "3,5"], COMMA),
        ([], POINT),
        (["n/a"], POINT),
    ],
)
def test_the_column_tells_the_notation(texts, expected) -> None:
    assert notation_of(texts) == expected


def test_marks_say_that_nothing_is_known() -> None:
    assert all(is_mark(text) for text in ("n/a", " N/A ", "NaN", "?", "-", "NULL"))
    assert not any(is_mark(text) for text in ("", "0", "no", "-1", "Namibia"))


@given(st.floats(min_value=-1e12, max_value=1e12).map(lambda number: round(number, 2)))
def test_what_is_written_in_groups_reads_as_what_it_was(number) -> None:
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert POINT.read(english) == number
    assert COMMA.read(german) == number
