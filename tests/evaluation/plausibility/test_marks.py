import numpy as np
import pytest

from salience.core.errors import DataError
from salience.core.place import Heat, Span, Unit
from salience.evaluation.plausibility import majority, union
from salience.evaluation.plausibility.marks import read


def heat(score, column="text", start=0):
    return Heat(Unit(column, "a", Span(start, start + 1)), score)


def test_numbers_and_heats_read_alike():
    numbers, heats = read([[0.2, 0.8], [heat(0.2), heat(0.8)]], [[True, False]] * 2)
    assert numbers.importance.tolist() == heats.importance.tolist() == [0.2, 0.8]
    assert numbers.marks.tolist() == heats.marks.tolist() == [[True, False]]
    assert numbers.texts.tolist() == heats.texts.tolist() == [0, 0]


def test_units_of_different_columns_are_of_different_texts():
    (row,) = read([[heat(0.2, "title"), heat(0.3, "title"), heat(0.5, "body")]], [[1, 0, 1]])
    assert row.texts.tolist() == [0, 0, 1]


def test_a_row_may_have_one_or_several_annotators_or_none():
    one, several, none, nobody = read(
        [[0.1, 0.9]] * 4, [[True, False], [[1, 0], [1, 1], [0, 1]], None, np.zeros((0, 2), bool)]
    )
    assert one.marks.shape == (1, 2)
    assert several.marks.shape == (3, 2)
    assert none is None
    assert nobody is None


def test_union_and_majority_by_hand():
    marks = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]], dtype=bool)
    assert union(marks).tolist() == [True, True, True, False]
    assert majority(marks).tolist() == [True, True, False, False]


def test_half_is_no_majority():
    assert majority(np.array([[True, True], [True, False]])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("heats", "rationales", "message"),
    [
        ([[0.1]], [], "expected one rationale per row, 1, got 0"),
        ([[0.1]], [], "give None for a row that nobody annotated"),
        ([[0.1, 0.2]], [[True]], "expected 2 marks, one per unit"),
        ([[0.1, 0.2]], [[[True], [False]]], r"got shape \(2, 1\)"),
        ([[0.1, 0.2]], [[[True, False], [True]]], "rows of different lengths"),
        ([[0.1, 0.2]], [[True, False]] * 2, "one rationale per row, 1, got 2"),
        ([[0.1, 0.2]], [[0.5, 1.0]], "true or false"),
        ([[0.1, 0.2]], [[np.nan, 1.0]], "true or false"),
        ([[0.1, 0.2]], [["x", "y"]], "true or false"),
        ([[0.1, 0.2]], [[-1, 1]], "true or false"),
        ([[0.1, np.nan]], [[True, False]], "expected finite importances, got nan for unit 1"),
        ([[np.inf, 0.2]], [[True, False]], "expected finite importances, got inf for unit 0"),
        ([[[0.1], [0.2]]], [[True, False]], r"expected one number per unit, got float64 of shape \(2, 1\)"),
        ([["a", "b"]], [[True, False]], "expected one number per unit"),
    ],
)
def test_what_does_not_fit_is_named(heats, rationales, message):
    with pytest.raises(DataError, match=message):
        read(heats, rationales)


def test_an_error_names_the_row():
    with pytest.raises(DataError, match=r"where: heats\[1\]"):
        read([[0.1], [np.nan]], [[True], [True]])
    with pytest.raises(DataError, match=r"where: rationales\[1\]"):
        read([[0.1], [0.2]], [[True], [True, False]])
