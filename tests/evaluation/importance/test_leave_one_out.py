import pytest

from salience.core.errors import ConfigError
from salience.evaluation.importance import LeaveOneOut
from tests.evaluation.linear import linear

WEIGHTS = {"good": 2.0, "fine": 1.0, "dull": -0.5}


def scores(method, row, *columns):
    (found,) = method(linear(*columns), [row])
    return [heat.score for heat in found]


def test_neighbours_that_leave_together_share_the_change():
    assert scores(LeaveOneOut(parts=2), {"a": "good fine dull the"}, WEIGHTS) == pytest.approx([1.5, 1.5, -0.25, -0.25])


def test_runs_are_as_equal_as_they_can_be():
    assert scores(LeaveOneOut(parts=2), {"a": "good fine dull"}, WEIGHTS) == pytest.approx([1.5, 1.5, -0.5])


def test_a_row_with_fewer_units_than_parts_loses_one_at_a_time():
    assert scores(LeaveOneOut(parts=64), {"a": "good dull"}, WEIGHTS) == pytest.approx([2.0, -0.5])


def test_runs_may_reach_over_columns():
    found = scores(LeaveOneOut(parts=1), {"a": "good", "b": "fine dull"}, WEIGHTS, WEIGHTS)
    assert found == pytest.approx([2.5 / 3] * 3)


def test_no_parts_are_an_error():
    with pytest.raises(ConfigError, match="needs at least one part, got 0"):
        LeaveOneOut(parts=0)
