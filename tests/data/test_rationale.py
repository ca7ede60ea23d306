import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import ConfigError, DataError
from salience.core.place import Span
from salience.data.rationale import Rationale, RationaleColumn, rationale_columns, read_rationale, read_rationales
from salience.data.table import read
from salience.data.tokens import Character, Word

TEXT = "a fine film"


def test_a_unit_is_marked_if_at_least_half_of_its_characters_are():
    rationale = Rationale((((0, 2), (5, 7)),))
    places = np.array([[0, 4], [0, 5], [5, 7], [6, 9], [10, 12]])
    assert rationale.marks(places).tolist() == [[True, False, True, False, False]]


def test_two_stretches_mark_a_unit_together():
    assert Rationale((((0, 1), (3, 4)),)).marks(np.array([[0, 4]])).tolist() == [[True]]


@pytest.mark.parametrize("cell", [None, float("nan"), "", "  ", "null"])
def test_a_missing_cell_says_that_nobody_was_asked(cell):
    assert read_rationale(cell, TEXT) is None


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ([[2, 6]], (((2, 6),),)),
        ("[[2, 6]]", (((2, 6),),)),
        (np.array([[2, 6]]), (((2, 6),),)),
        ([Span(7, 11), Span(2, 6)], (((2, 6), (7, 11)),)),
        ([[5, 7], [2, 6], [6, 8]], (((2, 8),),)),
        ([], ((),)),
        ("[]", ((),)),
        ([[]], ((),)),
        ([[[2, 6]], [], None, [[0, 1], [7, 11]]], (((2, 6),), (), ((0, 1), (7, 11)))),
    ],
)
def test_stretches_of_one_or_several_annotators(cell, expected):
    assert read_rationale(cell, TEXT) == Rationale(expected)


@pytest.mark.parametrize(
    ("cell", "tokens", "expected"),
    [
        ([0, 1, 0], "Whitespace", (((2, 6),),)),
        ([False, True, True], Word(), (((2, 6), (7, 11)),)),
        ("[[0, 1, 0], [1, 0, 0]]", Word(), (((2, 6),), ((0, 1),))),
        ([0, 0, 0], Word(), ((),)),
    ],
)
def test_marks_per_token_of_a_stated_tokenization(cell, tokens, expected):
    assert read_rationale(cell, TEXT, tokens=tokens) == Rationale(expected)


@given(st.lists(st.booleans(), min_size=10, max_size=10))
def test_marks_per_token_come_back_as_marks_of_the_same_units(marks):
    text = "one two, three: four (five) six"
    places = Word().split(text).places
    assert len(places) == len(marks)
    assert read_rationale([int(each) for each in marks], text, tokens=Word()).marks(places)[0].tolist() == marks


@pytest.mark.parametrize(
    ("cell", "tokens", "problem"),
    [
        ("fine", None, "expected a list, got the text 'fine'"),
        (3, None, "expected a list, got 3"),
        ("{}", None, "expected a list, got {}"),
        ([0, 1, 0], None, "a rationale has another form: [0, 1, 0]"),
        ([[2, 6, 7]], None, "a rationale has another form"),
        ([[0.5, 1]], None, "a rationale has another form"),
        ([[True, False]], None, "a rationale has another form"),
        ([[2, 12]], None, "the stretch [2, 12] does not lie in the text, which has 11 characters"),
        ([[-1, 3]], None, "the stretch [-1, 3] does not lie in the text"),
        ([[6, 6]], None, "the stretch [6, 6] does not lie in the text"),
        ([0, 1], "Whitespace", "expected 3 marks, one for each token of the text, got 2"),
        ([0, 2, 0], "Whitespace", "a rationale has another form"),
        ("[" * 100_000, None, "expected a list, got the text"),
    ],
)
def test_a_cell_of_another_form_says_what_was_expected(cell, tokens, problem):
    with pytest.raises(DataError) as caught:
        read_rationale(cell, TEXT, tokens=tokens)
    assert problem in str(caught.value)
    assert caught.value.fix


def test_an_error_names_row_and_column():
    frame = read([{"text": TEXT, "why": "[]"}, {"text": TEXT, "why": "[[2, 60]]"}])
    with pytest.raises(DataError, match="row 2, column 'why'"):
        read_rationales(frame, "text", RationaleColumn("why"))
    with pytest.raises(DataError, match="there is no column 'wy'") as caught:
        read_rationales(frame, "text", RationaleColumn("wy"))
    assert "did you mean 'why'" in str(caught.value)


def test_a_column_is_read_with_the_stated_tokenization():
    frame = read([{"text": "好 a", "why": json.dumps([1, 0])}, {"text": None, "why": "[]"}, {"text": "x", "why": None}])
    found = read_rationales(frame, "text", RationaleColumn("why", "Character"))
    assert found == [Rationale((((0, 1),),)), Rationale(((),)), None]
    assert read_rationale([1, 0], "好 a", tokens=Character()) == found[0]
    with pytest.raises(ConfigError, match="there is no 'Chracter'"):
        read_rationales(frame, "text", RationaleColumn("why", "Chracter"))


def test_a_setting_names_the_rationale_of_the_only_input_or_of_each():
    assert rationale_columns(None, ["text"]) == {}
    assert rationale_columns("why", ["text"]) == {"text": RationaleColumn("why")}
    assert rationale_columns({"body": {"column": "why", "tokens": "Word"}, "title": "so"}, ["title", "body"]) == {
        "body": RationaleColumn("why", "Word"),
        "title": RationaleColumn("so"),
    }


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        ("why", "the column 'why' marks one text, and there are 2 input columns"),
        ({"boddy": "why"}, "'boddy' is not an input column"),
        ({"body": 3}, "expected the name of a column, or {column: NAME, tokens: NAME}, got 3"),
        ({"body": {"colum": "why"}}, "expected the name of a column"),
    ],
)
def test_a_setting_that_is_not_clear_says_so(choice, problem):
    with pytest.raises(ConfigError) as caught:
        rationale_columns(choice, ["title", "body"])
    assert problem in str(caught.value)
