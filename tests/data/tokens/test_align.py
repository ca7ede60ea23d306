"""From pieces to units: cases by hand, then against a slow version."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from salience.data.tokens.align import align
from salience.data.tokens.pattern import word


def slow(text: str, offsets: list[tuple[int, int]]) -> tuple[list[list[int]], list[int]]:
    """Join words that share a piece until nothing changes."""
    units = [[found.span()] for found in word().finditer(text)]
    for start, stop in offsets:
        touched = [unit for unit in units if any(start < b and a < stop for a, b in unit)] if start < stop else []
        for unit in touched[1:]:
            touched[0].extend(unit)
            units.remove(unit)
    owner = [[n for n, u in enumerate(units) if a < b and any(a < d and c < b for c, d in u)] for a, b in offsets]
    used = sorted({n for each in owner for n in each})
    places = [[min(a for a, _ in units[n]), max(b for _, b in units[n])] for n in used]
    return places, [used.index(each[0]) if each else -1 for each in owner]


def found(text: str, offsets: list[tuple[int, int]]) -> tuple[list[list[int]], list[int]]:
    places, owner = align(text, offsets)
    return places.tolist(), owner.tolist()


def test_pieces_of_a_word_share_its_unit() -> None:
    assert found("unseen word", [(0, 2), (2, 6), (7, 11)]) == ([[0, 6], [7, 11]], [0, 0, 1])


def test_words_under_one_piece_are_one_unit() -> None:
    assert found("今天好", [(0, 2), (2, 3)]) == ([[0, 2], [2, 3]], [0, 1])


def test_pieces_of_one_character_share_its_unit() -> None:
    assert found("🙂a", [(0, 1), (0, 1), (0, 1), (1, 2)]) == ([[0, 1], [1, 2]], [0, 0, 0, 1])


def test_spaces_around_a_word_do_not_belong_to_it() -> None:
    assert found("a  good\n", [(0, 1), (1, 2), (2, 7), (7, 8)]) == ([[0, 1], [3, 7]], [0, -1, 1, -1])


def test_special_positions_belong_to_no_unit() -> None:
    assert found("good", [(0, 0), (0, 4), (0, 0)]) == ([[0, 4]], [-1, 0, -1])


def test_words_that_no_piece_touches_are_left_out() -> None:
    assert found("a b c", [(4, 5)]) == ([[4, 5]], [0])


def test_nothing_gives_nothing() -> None:
    places, owner = align("", [])
    assert (places.shape, owner.shape) == ((0, 2), (0,))
    assert found("", [(0, 0)]) == ([], [-1])
    assert found("  ", [(0, 2)]) == ([], [-1])


@given(st.text(alphabet="ab 天.", max_size=13), st.data())
def test_it_agrees_with_the_slow_version(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=11)))
    offsets = [(start, stop) for start, stop in zip(cuts[::2], cuts[1::2], strict=False)]
    places, owner = align(text, offsets)
    assert (places.tolist(), owner.tolist()) == slow(text, offsets)
    assert places.dtype == owner.dtype == np.int32
