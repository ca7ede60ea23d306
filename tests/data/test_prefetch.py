"""Prefetching gives the same items, passes errors on, and leaves no thread behind."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from salience.data.prefetch import made_ahead


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("prefetch")]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 17])
def test_items_come_in_their_order(count):
    assert list(made_ahead(range(count))) == list(range(count))
    assert threads() == []


def test_none_is_an_item_like_any_other():
    assert list(made_ahead([None, 0, None])) == [None, 0, None]


def test_at_most_the_given_number_is_made_in_advance():
    made = []
    items = made_ahead((made.append(n) or n for n in itertools.count()), size=3)
    next(items)
    deadline = time.monotonic() + 5
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert made == [0, 1, 2, 3]
    items.close()


def test_an_error_reaches_the_consumer_at_its_item():
    def items():
        yield from (1, 2, 3)
        raise KeyError("the cause")

    ahead = made_ahead(items())
    assert list(itertools.islice(ahead, 3)) == [1, 2, 3]
    with pytest.raises(KeyError, match="the cause"):
        next(ahead)
    assert threads() == []


def test_closing_early_ends_the_thread():
    ahead = made_ahead(itertools.count())
    assert next(ahead) == 0
    assert len(threads()) == 1
    ahead.close()
    assert threads() == []


def test_an_abandoned_loop_ends_the_thread():
    for item in made_ahead(itertools.count()):
        if item == 5:
            break
    assert threads() == []


def test_an_iterator_that_was_never_asked_starts_no_thread():
    made_ahead(itertools.count())
    assert threads() == []
