import numpy as np
import pytest

from benchmarks import nab
from salience.data import table
from salience.data.modalities import Series
from salience.data.windows import Run, windows


@pytest.fixture
def data():
    """One series of 60 points; the last five are marked, in two stretches."""
    long = Series(time="t", look_back=nab.LOOK_BACK).table(table.read([{"t": i, "v": float(i)} for i in range(60)]))
    cells = list(windows(long, [Run(0, 48, 59)], look_back=nab.LOOK_BACK, horizon=1))
    stretch = np.full(60, -1)
    stretch[55:57], stretch[57:60] = 0, 1
    return nab.Marked(cells[:4], cells[4:6], cells[6:], stretch >= 0, stretch)


def test_flagged_points_are_counted_inside_and_outside_marked_stretches(data):
    usual = np.array([[0.0], [1.0], [2.0], [3.0], [1.0], [2.0]])
    # Of the points 54 to 59 the first and the last are far off; the last lies in the second stretch.
    came = np.array([[99.0], [1.0], [2.0], [1.0], [2.0], [99.0]])
    (found,) = nab.judge(usual, came, data, seed=0)["series"].values()
    assert (found["flagged"], found["flagged inside"], found["flagged found"]) == (2, 1, 1)
    assert (found["points"], found["inside"], found["stretches"], found["random"]) == (6, 5, 2, 2)


def test_the_naive_forecast_of_a_straight_line_is_never_unusual(data):
    (found,) = nab.naive(data)["series"].values()
    assert found["flagged"] == 0
    assert found["auc"] == 0.5
