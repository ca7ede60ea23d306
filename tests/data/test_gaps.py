"""Gaps in series: counted where rows are taken as they come, filled where a step is given."""

import numpy as np
import pytest

from salience.core.errors import ConfigError, DataError
from salience.data.gaps import filled, gaps_note
from tests.data.series import long, rows


def test_a_gap_is_told() -> None:
    given = rows((7, 5))
    del given[3:5]
    (note,) = gaps_note(long(given))
    assert note.startswith("1 of 8 steps are longer than the usual 1:00:00")
    assert gaps_note(long(rows((7, 5)))) == ()


def test_a_step_of_whole_days_is_told_without_hours() -> None:
    given = [{"time": f"2024-01-{day:02d}", "a": 1.0} for day in (1, 2, 3, 6)]
    (note,) = gaps_note(long(given, series=None))
    assert note.startswith("1 of 3 steps are longer than the usual 1 day; windows")


def test_filling_adds_rows_without_numbers_but_with_a_calendar() -> None:
    given = [{**row, "size": 3.0} for row in rows((7,))]
    del given[3:5]
    table = filled(long(given, calendar=("hour",), static=("size",)), "1h")
    assert table.stamps.tolist() == [row["time"] for row in rows((7,))]
    assert np.isnan(table.values[:, 0]).tolist() == [False, False, False, True, True, False, False]
    assert table.values[:, table.variables.index("hour")].tolist() == list(range(7))
    assert table.values[:, table.variables.index("size")].tolist() == [3.0] * 7
    assert table.rows.tolist() == [0, 1, 2, -1, -1, 3, 4]
    assert table.notes == ("2 rows were added to fill gaps",)


def test_each_series_is_filled_by_itself() -> None:
    given = rows((4, 5))
    del given[2], given[6]
    table = filled(long(given), "1h")
    assert table.starts.tolist() == [0, 4, 9]


def test_a_stamp_off_the_steps_is_an_error() -> None:
    given = rows((4,))
    given[2]["time"] = "2024-01-01 02:30:00"
    with pytest.raises(DataError, match="02:30:00 lies off the steps that are counted from 2024-01-01 00:00:00"):
        filled(long(given), "1h")


def test_a_step_that_is_far_too_small_is_an_error() -> None:
    with pytest.raises(DataError, match=r"(?s)a step of 1s would make .* give the usual step of the table, 1:00:00"):
        filled(long(rows((5,))), "1s")


@pytest.mark.parametrize("step", ["often", "-1h", 3600])
def test_a_step_that_is_none_is_an_error(step: object) -> None:
    with pytest.raises(ConfigError, match="expected a step in time"):
        filled(long(rows((5,))), step)  # type: ignore[arg-type]
