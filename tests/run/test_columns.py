"""The mean importance of columns over rows, with an interval."""

import pytest

from salience.core.place import Column, Heat, Span, Unit
from salience.run.columns import column_importance


def row(**scores: float) -> list[Heat]:
    return [Heat(Unit(name, "1", Column(name)), score) for name, score in scores.items()]


def test_means_by_hand_the_highest_first() -> None:
    found = column_importance([row(age=0.2, job=0.8), row(age=0.6, job=0.4), row(job=1.0)], seed=0)
    assert [each.name for each in found] == ["job", "age"]
    assert [each.score.value for each in found] == pytest.approx([2.2 / 3, 0.8 / 3])
    assert {each.count for each in found} == {3}
    for each in found:
        assert each.score.low <= each.score.value <= each.score.high


def test_words_are_no_columns() -> None:
    word = Heat(Unit("text", "good", Span(0, 4)), 1.0)
    assert column_importance([[word]], seed=0) == ()
    assert [each.name for each in column_importance([[word, *row(age=0.5)]], seed=0)] == ["age"]
