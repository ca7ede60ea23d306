"""Scales, round numbers and labels that keep apart."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.reports.charts.frame import Frame, around, spread, ticks

numbers = st.floats(-1e6, 1e6)


def test_a_frame_maps_its_corners_by_hand():
    frame = Frame((0, 2), (10, 20), right=20, height=240)
    assert frame.across(0) == 40
    assert frame.across(2) == 340
    assert frame.up(10) == 202
    assert frame.up(20) == 28
    assert frame.path([(1, 15)]) == "190.0,115.0"


@given(st.lists(st.floats(0, 300), max_size=6), st.floats(1, 40))
def test_spread_labels_keep_their_order_and_their_distance(positions, gap):
    moved = spread(positions, gap)
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    for above, below in pairwise(order):
        assert moved[below] - moved[above] >= gap * (1 - 1e-9)


def test_labels_with_room_stay_where_they_are():
    assert spread([100.0, 10.0], 15.0) == [100.0, 10.0]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-1.1, 4.5, [0, 2, 4]),
        (0.70, 0.92, [0.7, 0.75, 0.8, 0.85, 0.9]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


@given(numbers, st.floats(1e-6, 1e6))
def test_ticks_are_inside_and_few(low, width):
    found = ticks(low, low + width)
    assert 1 <= len(found) <= 9
    assert all(low - 1e-6 * width - 1e-9 <= each <= low + width * (1 + 1e-6) + 1e-9 for each in found)


@given(st.lists(numbers | st.none() | st.just(math.nan)))
def test_an_interval_holds_all_values_and_is_never_empty(values):
    low, high = around(values)
    assert low < high
    assert all(low <= value <= high for value in values if value is not None and not math.isnan(value))
