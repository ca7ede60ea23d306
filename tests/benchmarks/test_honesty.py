import numpy as np
import pytest

from benchmarks import honesty


def record(overlaps, right):
    bits = np.packbits(np.array(right, bool)).tobytes().hex()
    return {"overlaps": overlaps, "right": bits, "rows": len(right), "accuracy": float(np.mean(right))}


def test_skill_is_zero_for_equal_shares_and_one_for_the_best_possible():
    assert honesty.skill([0.5, 0.5, 0.9]) == 0
    assert honesty.skill([0.9, 0.5, 0.9]) == 1
    assert honesty.skill([[0.6, 0.5, 0.9], [0.4, 0.5, 0.9]]).tolist() == pytest.approx([0.25, -0.25])


def test_differences_are_those_of_means_over_seeds_and_leave_out_undefined_rows():
    nothing = [np.nan] * 3
    taught = [record([[0.7, 0.5, 0.9], nothing, [0.7, 0.5, 0.9]], [1, 1, 0])] * 2
    plain = [record([[0.5, 0.5, 0.9], [0.6, 0.5, 0.9], [0.5, 0.5, 0.9]], [1, 0, 0])] * 2
    gained, accuracy = honesty.differences(1.0, taught, plain)
    assert (gained.value, gained.low, gained.high) == pytest.approx((0.5, 0.5, 0.5))
    assert accuracy.value == pytest.approx(1 / 3)
    assert accuracy.low == 0
    assert gained.note == "2 seeds, rows paired"
