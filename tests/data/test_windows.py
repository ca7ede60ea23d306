"""Windows: which rows they see, on which side they lie, and that they hold no numbers."""

import tracemalloc

import numpy as np
import pytest

from salience.core.errors import DataError
from salience.data.windows import Run, moments, only_table, runs_between, windows
from tests.data.series import every_window, long, rows


def test_a_window_sees_what_was_known_and_what_came_after() -> None:
    table = long(rows((13, 11)))
    window = windows(table, [Run(1, 13 + 5, 13 + 8)], look_back=5, horizon=3)[1]
    assert window.past[:, 0].tolist() == [110, 120, 130, 140, 150]
    assert window.future[:, 1].tolist() == [161, 171, 181]
    assert (window.name, window.stamps()[0], window.stamps_ahead()[-1]) == (
        "s1",
        "2024-01-01 01:00:00",
        "2024-01-01 08:00:00",
    )
    assert str(window) == "s1 2024-01-01 01:00:00 to 2024-01-01 05:00:00"


def test_beyond_the_end_of_a_series_nothing_is_known_and_stamps_go_on() -> None:
    table = long(rows((7, 7)))
    window = windows(table, [Run(0, 6, 6)], look_back=5, horizon=3)[0]
    assert window.future[:, 0].tolist()[:1] == [60]
    assert np.isnan(window.future[1:]).all()
    assert window.stamps_ahead() == ["2024-01-01 06:00:00", "2024-01-01 07:00:00", "2024-01-01 08:00:00"]


def test_windows_follow_each_other_over_series_with_a_stride() -> None:
    table = long(rows((13, 4, 11)))
    assert [window.stop for window in every_window(table, look_back=5, horizon=3)] == [*range(5, 11), *range(22, 26)]
    strided = windows(table, [Run(0, 5, 10), Run(2, 22, 25)], look_back=5, horizon=3, stride=2)
    assert [window.stop for window in strided] == [5, 7, 9, 22, 24]


def test_sides_share_no_true_value_and_only_later_sides_reach_back() -> None:
    table = long(rows((17,)))
    borders = [-np.inf, table.times[9], table.times[13], np.inf]
    found = [
        [
            (window.stop - 4, window.stop, window.stop + 2)
            for window in windows(
                table,
                runs_between(table, *borders[side : side + 2], look_back=4, horizon=2, reach_back=side > 0),
                look_back=4,
                horizon=2,
            )
        ]
        for side in range(3)
    ]
    assert found[0] == [(0, 4, 6), (1, 5, 7), (2, 6, 8), (3, 7, 9)]
    assert found[1] == [(5, 9, 11), (6, 10, 12), (7, 11, 13)]
    assert found[2] == [(9, 13, 15), (10, 14, 16), (11, 15, 17)]


def test_the_rows_that_windows_cover_include_their_horizons_and_no_more() -> None:
    table = long(rows((13, 11)))
    some = windows(table, [Run(0, 4, 6), Run(1, 13 + 9, 13 + 9)], look_back=3, horizon=2)
    found, covered = only_table(some)
    assert found is table
    assert np.flatnonzero(covered).tolist() == [1, 2, 3, 4, 5, 6, 7, 19, 20, 21, 22, 23]


def test_moments_leave_missing_numbers_out_and_a_constant_has_deviation_one() -> None:
    given = rows((4,))
    for t, row in enumerate(given):
        row["a"], row["b"] = [1.0, None, 3.0, 50.0][t], 7.0
    table = long(given)
    mean, deviation = moments(table, np.array([True, True, True, False]), [0, 1])
    assert mean.tolist() == [2.0, 7.0]
    assert deviation.tolist() == [1.0, 1.0]


def test_a_variable_that_is_never_known_in_training_is_an_error() -> None:
    given = rows((4,))
    for row in given[:3]:
        row["a"] = None
    with pytest.raises(DataError, match="no number of 'a' is known in the training rows"):
        moments(long(given), np.array([True, True, True, False]), [0, 1])


def test_windows_of_two_tables_cannot_be_learned_from() -> None:
    both = [every_window(long(rows((9,))), look_back=3, horizon=1)[0] for _ in range(2)]
    with pytest.raises(DataError, match="expected windows of one long table to learn from, got windows of 2"):
        only_table(both)


def test_memory_does_not_grow_with_the_number_of_windows() -> None:
    table = long(rows((900,)))
    tracemalloc.start()
    few = windows(table, [Run(0, 5, 10)], look_back=5, horizon=1)
    _, before = tracemalloc.get_traced_memory()
    many = windows(table, [Run(0, 5, 890)] * 1000, look_back=5, horizon=1)
    many_mapped = many.map(lambda window: {"x": window})
    _, after = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(few), len(many_mapped)) == (6, 886_000)
    # The 1,000 runs take some 60 kB; 886,000 windows would take 50 MB.
    assert after - before < 500_000
