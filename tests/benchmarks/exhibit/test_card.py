from __future__ import annotations

import doctest

import pytest

from benchmarks.exhibit import card
from salience import attention


def test_the_examples_run() -> None:
    assert doctest.testmod(card).failed == 0


@pytest.mark.parametrize("name", attention.__all__)
def test_every_mechanism_has_a_whole_card(name: str) -> None:
    told = card.card(getattr(attention, name))
    assert set(card.PARTS) - {"Weights"} <= set(told)
    assert "$`" in told["Formula"]
    assert ":math:" not in " ".join(told.values())
