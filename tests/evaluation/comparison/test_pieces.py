"""How two views of one row are laid on each other."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import NotAvailable
from salience.core.place import Heat, Unit
from salience.evaluation.comparison.pieces import View, on_characters, on_units, same_units
from tests.evaluation.comparison.rows import cut, heats


def test_units_are_the_same_by_column_and_place():
    one = heats("fine film", [0.5, 0.5])
    assert same_units(one, heats("fine film", [0.1, 0.9]))
    assert not same_units(one, heats("fine film", [0.5, 0.5], column="title"))
    assert not same_units(one, heats("finefilm", [1.0]))


def test_a_unit_gives_its_score_to_its_characters_in_equal_parts():
    # The spaces belong to nobody, and the last three characters to the second view alone.
    first = cut("ab cd xyz", [(0, 2), (3, 5)], [0.5, 0.5])
    second = cut("ab cd xyz", [(0, 5), (6, 9)], [0.4, 0.6])
    one, other = on_characters(first, second)
    assert one.spread().tolist() == [0.25, 0.25, 0, 0.25, 0.25, 0, 0, 0]
    assert other.spread() == pytest.approx([0.08] * 5 + [0.2] * 3)


def test_characters_of_several_columns_do_not_mix():
    first = [*cut("ab", [(0, 2)], [0.5], "a"), *cut("cde", [(0, 3)], [0.5], "b")]
    second = [*cut("cde", [(0, 1)], [0.25], "b"), *cut("ab", [(0, 2)], [0.75], "a")]
    one, other = on_characters(first, second)
    assert one.spread() == pytest.approx([1 / 4, 1 / 4, 1 / 6, 1 / 6, 1 / 6])
    assert other.spread() == pytest.approx([0.375, 0.375, 0.25, 0, 0])


def test_equal_units_share_the_last_places_among_the_strongest():
    view = on_units(heats("a b c d", [0.1, -0.4, 0.2, 0.2]))
    assert view.top(1).tolist() == [0, 1, 0, 0]
    assert view.top(2).tolist() == [0, 1, 0.5, 0.5]
    assert view.top(3).tolist() == [0, 1, 1, 1]


def test_the_strongest_units_cover_all_their_characters():
    one, _ = on_characters(cut("abcd", [(0, 1), (1, 4)], [0.4, 0.6]), cut("abcd", [(0, 4)], [1.0]))
    assert one.top(1).tolist() == [0, 1, 1, 1]


@given(st.lists(st.tuples(st.integers(1, 7), st.floats(-1, 1)), min_size=1, max_size=11), st.integers(1, 40))
def test_spreading_keeps_the_sum(units, cut_at):
    stops = np.cumsum([size for size, _ in units]).tolist()
    text = "x" * stops[-1]
    first = cut(text, list(zip([0, *stops], stops, strict=False)), [score for _, score in units])
    middle = min(cut_at, len(text))
    second = cut(text, [(0, middle)], [1.0])
    one, other = on_characters(first, second)
    assert one.spread().sum() == pytest.approx(sum(score for _, score in units), abs=1e-12)
    assert other.spread().sum() == pytest.approx(1)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=13), st.data())
def test_the_strongest_are_as_many_as_were_asked_for(scores, data):
    k = data.draw(st.integers(1, len(scores)))
    inside = View(np.array(scores, dtype=float), np.arange(len(scores))).top(k)
    assert inside.sum() == pytest.approx(k)
    assert inside.min() >= 0
    assert inside.max() <= 1


def test_units_that_are_no_stretches_cannot_be_cut_finer():
    @dataclass(frozen=True)
    class Box:
        left: int

    box = [Heat(Unit("scan", "the left ear", Box(1)), 1.0)]
    with pytest.raises(NotAvailable) as caught:
        on_characters(box, box)
    assert "'the left ear' has no characters that could be compared" in str(caught.value)
    assert "the column 'scan'" in str(caught.value)
