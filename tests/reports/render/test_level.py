"""How strong a mark is: the strongest unit is strongest, unless nothing stands out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.place import Heat, Span, Unit
from salience.reports.render.level import LEVELS, full_strength, level, strongest


def _heats(*scores):
    return [Heat(Unit("text", "x", Span(place, place + 1)), score) for place, score in enumerate(scores)]


def test_levels_by_hand():
    heats = _heats(0.5, -0.3, 0.15, 0.05)
    full = full_strength(heats)
    assert full == 0.5
    assert [level(heat.score, full) for heat in heats] == [5, 3, 2, 0]


def test_even_attention_over_a_long_text_is_pale():
    heats = _heats(*[1 / 23] * 23)
    assert {level(heat.score, full_strength(heats)) for heat in heats} == {2}


def test_a_unit_with_a_third_of_the_whole_is_at_full_strength():
    heats = _heats(1 / 3, 1 / 3, 1 / 3)
    assert [level(heat.score, full_strength(heats)) for heat in heats] == [5, 5, 5]


@pytest.mark.parametrize("scores", [(), (0.0, 0.0)])
def test_no_importance_is_no_mark(scores):
    heats = _heats(*scores)
    assert full_strength(heats) == 0
    assert [level(heat.score, 0.0) for heat in heats] == [0] * len(scores)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(1e-3, 1e3))
def test_levels_do_not_depend_on_the_scale_or_the_sign(scores, factor):
    heats, scaled = _heats(*scores), _heats(*[-factor * score for score in scores])
    for heat, other in zip(heats, scaled, strict=True):
        one, two = level(heat.score, full_strength(heats)), level(other.score, full_strength(scaled))
        # Rounding in the last bit may tip a score that sits exactly between two levels.
        assert 0 <= one <= LEVELS
        assert abs(one - two) <= 1


def test_the_strongest_come_first_and_ties_keep_their_order():
    heats = _heats(0.1, -0.4, 0.2, 0.4)
    assert [heat.score for heat in strongest(heats, 3)] == [-0.4, 0.4, 0.2]
