"""A sequence that makes its items when they are asked for."""

import pytest

from salience.core.lazy import Lazy


def test_nothing_is_made_before_it_is_asked_for() -> None:
    made: list[int] = []

    def make(i: int) -> int:
        made.append(i)
        return 10 * i

    lazy = Lazy(7, make).map(lambda value: value + 1)
    part = lazy[2:6:2]
    assert (len(lazy), len(part), made) == (7, 2, [])
    assert list(part) == [21, 41]
    assert made == [2, 4]


def test_it_is_indexed_like_a_list() -> None:
    lazy, as_list = Lazy(5, lambda i: i * i), [0, 1, 4, 9, 16]
    assert list(lazy) == as_list
    assert [lazy[i] for i in (0, 4, -1, -5)] == [0, 16, 16, 0]
    assert list(lazy[-3:]) == as_list[-3:]
    assert list(lazy[1:4][::-1]) == as_list[1:4][::-1]
    with pytest.raises(IndexError):
        lazy[5]
