"""Numbers are written short, aligned, and without surprises."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.evaluation.score import Score
from salience.reports import numerals


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.912, "0.912"), (0.5, "0.500"), (12.345, "12.3"), (1234.5, "1,234"), (-0.31, "−0.310"), (1e-9, "1.0e−09")],
)
def test_a_number_has_about_three_digits(value, written):
    assert numerals.number(value) == written


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_no_number_is_a_dash(value):
    assert numerals.number(value) == "—"
    assert numerals.percent(value) == "—"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_can_always_be_read_back_to_three_digits(value):
    written = numerals.number(value).replace("−", "-").replace(",", "")
    assert math.isclose(float(written), value, rel_tol=0.051, abs_tol=0.0005)


def test_value_and_interval_have_the_same_decimals():
    assert numerals.measured(Score(0.971, 0.903, 1.042)) == "0.97 (0.90–1.04)"
    assert numerals.measured(Score(-0.2, -0.31, 0.1)) == "−0.200 (−0.310 to 0.100)"
    assert numerals.measured(Score(0.5)) == "0.500"
    assert numerals.measured(Score(None, reason="none")) == "—"


@pytest.mark.parametrize(
    ("share", "written"),
    [(0, "0%"), (0.994, "99%"), (0.9951, ">99%"), (1, "100%"), (0.0994, "9.9%"), (0.0999, "10%"), (-0.05, "−5.0%")],
)
def test_a_share_never_claims_certainty_it_has_not(share, written):
    assert numerals.percent(share) == written


@pytest.mark.parametrize(("seconds", "written"), [(59.7, "1 min 0 s"), (3599.6, "1 h 0 min"), (9.96, "10.0 s")])
def test_durations_carry_over(seconds, written):
    assert numerals.duration(seconds) == written
