"""Long tables: what they hold, and every way in which they cannot be read."""

from typing import Any

import numpy as np
import pytest

from salience.core.errors import ConfigError, DataError
from tests.data.series import long, rows


def test_series_stand_one_after_another_sorted_by_time() -> None:
    given = rows((3, 2))
    table = long([given[i] for i in (4, 1, 0, 3, 2)])
    assert table.names == ("s1", "s0")
    assert table.starts.tolist() == [0, 2, 5]
    assert table.values[:, 0].tolist() == [100, 110, 0, 10, 20]
    assert table.rows.tolist() == [3, 0, 2, 1, 4]
    assert table.step == 3600
    assert "rows were not in the order of 'time', and were sorted" in table.notes


def test_rows_in_order_are_told_nothing_of() -> None:
    assert long(rows((3, 2))).notes == ()


def test_one_series_needs_no_name_and_columns_that_are_no_numbers_are_left_out() -> None:
    given = [{"time": t, "x": t * 2.0, "word": "red"} for t in range(4)]
    table = long(given, series=None)
    assert (table.names, table.variables, table.dates) == (("",), ("x",), False)


def test_columns_play_the_parts_that_they_are_given() -> None:
    table = long(rows((2,), variables=4), known=("c",), static=(), variables=("d", "a"), calendar=("hour", "weekday"))
    assert table.variables == ("d", "a", "c", "hour", "weekday")
    assert table.known.tolist() == [False, False, True, True, True]
    assert table.values.tolist() == [[3, 0, 2, 0, 0], [13, 10, 12, 1, 0]]


def test_a_missing_number_is_nan() -> None:
    given = rows((3,))
    given[1]["a"] = None
    assert np.isnan(long(given).values[:, 0]).tolist() == [False, True, False]


def refused(given: list[dict[str, Any]], **roles: Any) -> str:
    with pytest.raises((DataError, ConfigError)) as caught:
        long(given, **roles)
    return str(caught.value)


def test_a_time_stamp_that_occurs_twice_is_an_error_that_names_both_rows() -> None:
    given = rows((4,))
    given[3]["time"] = given[1]["time"]
    told = refused(given)
    assert "2024-01-01 01:00:00 occurs twice, also in row 2\n" in told
    assert "row 4, column 'time'" in told
    assert "as `series`" in told


def test_the_same_time_stamp_in_two_series_is_none() -> None:
    assert len(long(rows((4, 4)))) == 8


def test_stamps_with_and_without_a_zone_are_an_error() -> None:
    given = rows((3,))
    given[1]["time"] = "2024-01-01T01:00:00+02:00"
    assert "1 of 3 time stamps have a zone, and the others have none" in refused(given)


def test_stamps_of_several_zones_are_brought_to_one_clock() -> None:
    given = rows((3,))
    for row, stamp in zip(given, ("01:00:00+01:00", "01:00:00Z", "04:00:00+02:00"), strict=True):
        row["time"] = f"2024-01-01T{stamp}"
    table = long(given)
    assert np.diff(table.times).tolist() == [3600, 3600]
    assert table.stamps[0] == "2024-01-01T01:00:00+01:00"
    assert "3 different offsets, and were brought to UTC" in table.notes[0]


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("time", None, "the time stamp is missing"),
        ("time", "soon", "expected a time stamp, got 'soon'"),
        ("shop", None, "the series is not named"),
        ("a", "inf", "expected a finite number, got 'inf'"),
    ],
)
def test_a_cell_that_cannot_be_read_is_an_error_that_names_it(column: str, cell: object, told: str) -> None:
    given = rows((30,))
    given[1][column] = cell
    message = refused(given)
    assert told in message
    assert f"row 2, column '{column}'" in message


def test_a_static_column_that_changes_is_an_error() -> None:
    assert "'b' is static, and changes within the series 's0'" in refused(rows((3,)), static=("b",))


def test_a_column_that_plays_two_parts_is_an_error() -> None:
    assert "'a' cannot play two parts" in refused(rows((3,)), known=("a",), variables=("a", "b"))


def test_an_unknown_calendar_feature_and_numbers_without_a_calendar_are_errors() -> None:
    assert "did you mean 'hour'" in refused(rows((3,)), calendar=("hours",))
    given = [{"time": t, "x": float(t)} for t in range(3)]
    assert "the time stamps are numbers" in refused(given, series=None, calendar=("hour",))


def test_a_table_without_rows_or_numbers_is_an_error() -> None:
    assert "no rows" in refused([])
    assert "no column of numbers" in refused([{"time": 1, "shop": "x", "word": "red"}])
