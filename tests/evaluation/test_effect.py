"""Averages over curves that are written down here."""

import numpy as np
import pytest
import torch

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.effect import closeness, effects, flips, gains, log_odds, probability
from salience.evaluation.erasure import Erased

# Points: nothing, one unit, 5, 10, 20, 30, 50, 75 percent, everything; ten units.
COUNTS = np.array([0, 1, 1, 1, 2, 3, 5, 7, 10])
FALLING = np.array([4.0, 3, 3, 3, 2, 1, -1, -2, 0])
RISING = np.array([0.0, 1, 1, 1, 2, 2, 3, 5, 4])
FEW = Bootstrap(50)


def erased(*orders, rows=3):
    """The same curves, (taken, kept) for each order, on every row."""
    taken, kept = (np.repeat(np.stack([each[i] for each in orders])[None], rows, 0) for i in (0, 1))
    return Erased(
        fractions=np.repeat(COUNTS[None] / 10, rows, 0),
        taken=taken,
        kept=kept,
        changed=taken < 0,
        raw=torch.zeros(rows, 2),
        raw_shortened=torch.zeros(rows, len(orders), 2),
    )


def test_comprehensiveness_and_sufficiency_by_hand():
    found = effects(erased((FALLING, RISING)), {"mine": [0]}, log_odds, FEW)["mine"]
    # Thresholds one unit, 5, 10, 20, 50 percent: falls of 1, 1, 1, 2, 5 and lacks of 3, 3, 3, 2, 1. Divided by five.
    assert found.comprehensiveness.value == pytest.approx(10 / 5)
    assert found.sufficiency.value == pytest.approx(12 / 5)
    assert found.gain.value == pytest.approx(-2 / 5)


def test_areas_by_hand():
    found = effects(erased((FALLING, RISING)), {"mine": [0]}, log_odds, FEW)["mine"]
    # Trapezoids between 0, 1, 2, 3, 5, 7 and 10 tenths.
    assert found.deletion.value == pytest.approx((3.5 + 2.5 + 1.5 + 0 - 3 - 3) / 10)
    assert found.insertion.value == pytest.approx((0.5 + 1.5 + 2 + 5 + 8 + 13.5) / 10)
    assert [score.value for score in found.deletion_curve] == FALLING.tolist()
    assert [score.value for score in found.insertion_curve] == RISING.tolist()


def test_probabilities_are_averaged_and_not_log_odds():
    found = effects(erased((FALLING, RISING)), {"mine": [0]}, probability, FEW)["mine"]
    sure = 1 / (1 + np.exp(-FALLING))
    assert found.comprehensiveness.value == pytest.approx((sure[0] - sure[[1, 2, 3, 4, 6]]).mean())
    assert [score.value for score in found.deletion_curve] == pytest.approx(sure.tolist())


def test_extreme_log_odds_are_probabilities_too():
    assert probability(np.array([[[-2000.0, 0.0, 2000.0]]]), np.zeros((1, 1, 1))).tolist() == [[[0.0, 0.5, 1.0]]]


def test_a_value_may_move_either_way():
    up = 8 - FALLING
    for curve in (FALLING, up):
        found = effects(erased((curve, curve[::-1])), {"mine": [0]}, closeness, FEW)["mine"]
        assert found.comprehensiveness.value == pytest.approx(10 / 5)
        assert found.insertion_curve[-1].value == 0
        assert found.deletion_curve[0].value == 0


def test_orders_of_one_method_are_averaged():
    flat = np.full(9, 4.0)
    both = erased((FALLING, RISING), (flat, flat))
    found = effects(both, {"mine": [0], "flat": [1], "mixed": [0, 1]}, log_odds, FEW)
    assert found["flat"].gain.value == 0
    assert found["mixed"].gain.value == pytest.approx(found["mine"].gain.value / 2)
    assert gains(both, {"mixed": [0, 1], "mine": [0]}, log_odds).tolist() == [pytest.approx([-0.2, -0.4])] * 3


def test_rows_that_agree_leave_no_uncertainty_and_others_do():
    same = effects(erased((FALLING, RISING)), {"mine": [0]}, log_odds, FEW)["mine"].gain
    assert same.low == pytest.approx(same.high)
    differing = erased((FALLING, RISING))
    differing.taken[0] = 4.0
    found = effects(differing, {"mine": [0]}, log_odds, FEW)["mine"].comprehensiveness
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(4 / 3)


def test_the_fraction_to_flip_is_the_first_point_that_changes_the_prediction():
    found = flips(erased((FALLING, RISING), (RISING, RISING)), {"mine": [0], "never": [1], "both": [0, 1]}, FEW)
    assert found["mine"].fraction.value == 0.5
    assert found["mine"].never.value == 0
    assert found["never"].fraction.value == 1
    assert found["never"].never.value == 1
    # The mean of the medians of two orders.
    assert found["both"].fraction.value == 0.75
    assert found["both"].never.value == 0.5


def test_the_empty_input_does_not_count_as_a_flip():
    only_at_the_end = np.array([1.0] * 8 + [-1.0])
    found = flips(erased((only_at_the_end, RISING)), {"mine": [0]}, FEW)["mine"]
    assert (found.fraction.value, found.never.value) == (1, 1)
