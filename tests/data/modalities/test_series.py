"""Series: what stands at which position, what each unit is, and what is left when units are taken away."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.place import Stretch
from salience.data import table as tables
from salience.data.modalities import Series
from salience.data.windows import Window
from tests.data.series import every_window, rows

LOOK_BACK, HORIZON, PATCH, WIDTH = 6, 2, 3, 11
ELEMENTS = ("times", "variables", "patches", "cells")


@pytest.mark.parametrize(("look_back", "patch"), [(96, 16), (504, 14), (56, 14), (7, 7), (97, 1)])
def test_the_usual_patch_is_the_longest_up_to_16_that_fills_a_window(look_back: int, patch: int) -> None:
    assert Series(time="time", look_back=look_back, elements="patches").patch == patch


def fitted(elements: str | None = "times", *, given: list[dict[str, Any]] | None = None, **options: Any) -> Any:
    """A fitted series, and all its windows."""
    series = Series(time="time", series="shop", look_back=LOOK_BACK, patch=PATCH, elements=elements, **options)
    table = series.table(tables.read(rows((13, 11)) if given is None else given))
    cells = every_window(table, look_back=LOOK_BACK, horizon=HORIZON)
    return series.fit(cells), cells


def standardised(series: Series, window: Window) -> np.ndarray:
    state = series.state()
    return (window.past - np.array(state["mean"])) / np.array(state["deviation"])


@pytest.mark.parametrize(("elements", "shape"), [
    ("times", (6, 2)), ("variables", (2, 6)), ("patches", (4, 3)), ("cells", (12, 1)),
])  # fmt: skip
def test_numbers_stand_where_the_elements_say(elements: str, shape: tuple[int, int]) -> None:
    series, cells = fitted(elements)
    values = series.encode(cells[3]).values
    scaled = standardised(series, cells[3])
    assert values.shape == shape
    wanted = {
        "times": scaled,
        "variables": scaled.T,
        "patches": scaled.T.reshape(4, 3),
        "cells": scaled.reshape(12, 1),
    }
    np.testing.assert_allclose(values, wanted[elements], rtol=1e-6)


@pytest.mark.parametrize(("elements", "unit", "wanted"), [
    ("times", 4, Stretch("2024-01-01 06:00:00", "2024-01-01 06:00:00", None, "s0")),
    ("variables", 1, Stretch("2024-01-01 02:00:00", "2024-01-01 07:00:00", "b", "s0")),
    ("patches", 3, Stretch("2024-01-01 05:00:00", "2024-01-01 07:00:00", "b", "s0")),
    ("cells", 5, Stretch("2024-01-01 04:00:00", "2024-01-01 04:00:00", "b", "s0")),
])  # fmt: skip
def test_units_are_stretches_in_the_words_of_the_table(elements: str, unit: int, wanted: Stretch) -> None:
    series, cells = fitted(elements)
    example = series.encode(cells[2])
    units = series.units(example, "history")
    assert len(units) == len(example.places) == len(set(units))
    assert units[unit].place == wanted
    assert units[unit].column == "history"


@pytest.mark.parametrize("elements", ELEMENTS)
def test_every_position_belongs_to_one_unit(elements: str) -> None:
    given = [{**row, "c": None if t % 5 == 1 else 1.0 * t, "size": 1.0} for t, row in enumerate(rows((13, 11)))]
    series, cells = fitted(elements, given=given, static=("size",), calendar=("hour",))
    example = series.encode(cells[0])
    assert sorted(set(example.owner.tolist())) == list(range(len(example.places)))
    assert len(example.owner) == len(example.values)
    matrix = series.arrangement.matrix(example.values)
    np.testing.assert_array_equal(series.arrangement.values(matrix), example.values)


def test_an_indicator_belongs_to_the_unit_of_its_variable() -> None:
    given = [{**row, "b": None if t == 4 else 1.0 * t} for t, row in enumerate(rows((13, 11)))]
    series, cells = fitted("variables", given=given)
    example = series.encode(cells[0])
    assert series.channels.names == ("a", "b", "missing b")
    assert example.owner.tolist() == [0, 1, 1]
    assert example.values[2].tolist() == [0, 0, 0, 0, 1, 0]
    # What is missing is read as the last number before it.
    assert example.values[1, 4] == example.values[1, 3]


def test_before_the_first_number_the_mean_is_read() -> None:
    given = [{**row, "b": None if t < 2 else 1.0 * t} for t, row in enumerate(rows((13, 11)))]
    series, cells = fitted("variables", given=given)
    assert series.encode(cells[0]).values[1, :3].tolist() == [
        0.0,
        0.0,
        pytest.approx(series.encode(cells[0]).values[1, 2]),
    ]


def test_only_training_windows_scale() -> None:
    series, cells = fitted()
    early = Series(time="time", series="shop", look_back=LOOK_BACK).fit(cells[:1])
    assert early.state()["mean"] == [pytest.approx(35.0), pytest.approx(36.0)]
    assert series.state()["mean"] != early.state()["mean"]


@pytest.mark.parametrize("elements", ELEMENTS)
def test_nothing_that_is_only_observed_reaches_the_model_from_the_future(elements: str) -> None:
    given = rows((13,), variables=3)
    later = [{**row, "a": row["a"] + 1000 * (t >= 8), "b": row["b"] - 7 * (t >= 8)} for t, row in enumerate(given)]
    series, cells = fitted(elements, given=given, known=("c",), calendar=("hour",))
    other = series.table(tables.read(later))
    seen, changed = cells[2], every_window(other, look_back=LOOK_BACK, horizon=HORIZON)[2]
    assert seen.stop == changed.stop == 8
    assert not np.array_equal(seen.future, changed.future)
    np.testing.assert_array_equal(series.encode(seen).values, series.encode(changed).values)


@pytest.mark.parametrize("elements", ["times", "variables", "cells"])
def test_what_is_known_ahead_reaches_the_model(elements: str) -> None:
    given = rows((13,), variables=3)
    later = [{**row, "c": row["c"] + 5 * (t >= 8)} for t, row in enumerate(given)]
    series, cells = fitted(elements, given=given, known=("c",))
    other = every_window(series.table(tables.read(later)), look_back=LOOK_BACK, horizon=HORIZON)
    assert not np.array_equal(series.encode(cells[2]).values, series.encode(other[2]).values)
    last = series.units(series.encode(cells[2]), "history")[-1].place
    assert last.stop == "2024-01-01 09:00:00"


@pytest.mark.parametrize(("elements", "removed", "wanted"), [
    ("times", {2}, [[0, 1], [10, 11], [10, 11], [30, 31], [40, 41], [50, 51]]),
    ("times", {0, 1}, [[20, 21], [20, 21], [20, 21], [30, 31], [40, 41], [50, 51]]),
    ("variables", {1}, [[0, 1], [10, 1], [20, 1], [30, 1], [40, 1], [50, 1]]),
    ("patches", {1}, [[0, 1], [10, 11], [20, 21], [20, 31], [20, 41], [20, 51]]),
    ("cells", {3, 5}, [[0, 1], [10, 1], [20, 1], [30, 31], [40, 41], [50, 51]]),
])  # fmt: skip
def test_what_is_taken_away_holds_the_last_number_before_it(
    elements: str, removed: set[int], wanted: list[list[float]]
) -> None:
    series, cells = fitted(elements)
    example = series.encode(cells[0])
    left = series.without(example, removed)
    state = series.state()
    matrix = series.arrangement.matrix(left.values) * np.array(state["deviation"]) + np.array(state["mean"])
    np.testing.assert_allclose(matrix, wanted, atol=1e-4)
    assert len(left.places) == len(example.places) - len(removed)
    assert sorted(set(left.owner.tolist()) - {-1}) == list(range(len(left.places)))
    gone = [unit for i, unit in enumerate(series.units(example, "x")) if i not in removed]
    assert series.units(left, "x") == gone


@pytest.mark.parametrize("elements", ELEMENTS)
def test_without_anything_every_variable_stays_at_its_first_number(elements: str) -> None:
    series, cells = fitted(elements)
    example = series.encode(cells[1])
    left = series.without(example, range(len(example.places)))
    matrix = series.arrangement.matrix(left.values)
    np.testing.assert_array_equal(matrix, np.repeat(matrix[:1], LOOK_BACK, axis=0))
    assert (len(left.places), set(left.owner.tolist())) == (0, {-1})


@pytest.mark.parametrize("elements", ELEMENTS)
def test_what_is_blanked_has_the_mean_and_counts_as_missing(elements: str) -> None:
    given = [{**row, "b": None if t == 20 else 1.0 * t} for t, row in enumerate(rows((13, 11)))]
    series, cells = fitted(elements, given=given)
    example = series.encode(cells[0])
    hidden = series.blank(example, range(len(example.places)))
    matrix = series.arrangement.matrix(hidden.values)
    assert (matrix[:, :2] == 0).all()
    assert (matrix[:, 2] == 1).all()
    assert len(hidden.places) == len(example.places)
    np.testing.assert_array_equal(series.blank(example, []).values, example.values)


@pytest.mark.parametrize("elements", ELEMENTS)
def test_a_unit_that_is_none_is_an_error(elements: str) -> None:
    series, cells = fitted(elements)
    example = series.encode(cells[0])
    for take in (series.without, series.blank):
        with pytest.raises(DataError, match="expected units from 0 to"):
            take(example, [len(example.places)])


@pytest.mark.parametrize("elements", ELEMENTS)
def test_the_state_is_all_there_is(elements: str) -> None:
    series, cells = fitted(elements, calendar=("hour",))
    state = json.loads(json.dumps(series.state()))
    again = Series(
        time="time", series="shop", look_back=LOOK_BACK, patch=PATCH, elements=elements, calendar=("hour",)
    ).restore(state)
    one, other = series.encode(cells[4]), again.encode(cells[4])
    np.testing.assert_array_equal(one.values, other.values)
    assert series.units(one, "x") == again.units(other, "x")


@pytest.mark.parametrize("elements", ELEMENTS)
def test_a_batch_says_how_its_positions_lie(elements: str) -> None:
    series, cells = fitted(elements)
    stream = series.collate([series.encode(cells[i]) for i in (0, 5, 9)])
    layout = stream.layout
    assert layout.lengths.tolist() == [layout.size] * 3 == [stream.values.shape[1]] * 3
    assert (layout.times is None) == (elements != "times")
    assert (layout.groups is None) == (elements != "cells")
    assert layout.grid == {"patches": (2, 2), "cells": (6, 2)}.get(elements)
    assert {name for name in ("times", "groups", "grid") if getattr(layout, name) is not None} >= series.gives
    vectors = series.stem(WIDTH)(stream)
    assert vectors.shape == (3, layout.size, WIDTH)
    vectors.square().sum().backward()


def test_times_are_steps_and_gaps_are_longer() -> None:
    given = rows((13, 11))
    del given[3]
    series, cells = fitted(given=given)
    times = series.collate([series.encode(cells[0])]).layout.times
    assert times is not None
    assert times.tolist() == [[0, 1, 2, 4, 5, 6]]


def test_a_missing_cell_has_no_unit_and_can_be_read() -> None:
    series, _ = fitted("cells")
    example = series.encode(None)
    assert series.units(example, "x") == []
    assert set(example.owner.tolist()) == {-1}
    assert torch.isfinite(series.stem(WIDTH)(series.collate([example]))).all()


def test_a_window_of_another_length_or_another_type_is_an_error() -> None:
    series, cells = fitted()
    other = every_window(cells[0].table, look_back=4, horizon=1)[0]
    with pytest.raises(DataError, match="expected a window of 6 rows, got one of 4"):
        series.encode(other)
    with pytest.raises(DataError, match="expected a window of 6 rows, got str"):
        series.encode("monday")  # type: ignore[arg-type]


def test_a_table_that_lacks_a_variable_is_an_error_and_another_order_is_none() -> None:
    series, cells = fitted()
    other = [{"b": row["b"], **row} for row in rows((13, 11))]
    lacking = [{k: v for k, v in row.items() if k != "b"} for row in other]
    same = every_window(series.table(tables.read(other)), look_back=LOOK_BACK, horizon=HORIZON)[0]
    assert same.table.variables == ("a", "b")
    np.testing.assert_array_equal(series.encode(same).values, series.encode(cells[0]).values)
    with pytest.raises(DataError, match="there is no column 'b'"):
        series.table(tables.read(lacking))
    # Windows of a table that another series has read.
    reader = Series(time="time", series="shop")
    swapped = every_window(reader.table(tables.read(other)), look_back=LOOK_BACK, horizon=HORIZON)[0]
    assert swapped.table.variables == ("b", "a")
    np.testing.assert_array_equal(series.encode(swapped).values, series.encode(cells[0]).values)
    lacking = reader.table(tables.read(lacking))
    with pytest.raises(DataError, match="the series lack 'b'"):
        series.encode(every_window(lacking, look_back=LOOK_BACK, horizon=HORIZON)[0])


@pytest.mark.parametrize(("options", "told"), [
    ({"elements": "days"}, "there are no elements 'days'"),
    ({"look_back": 0}, "look_back is 0"),
    ({"look_back": 7, "patch": 2, "elements": "patches"}, "patches of 2 rows do not fill a window of 7"),
    ({"stride": 0}, "stride is 0"),
])  # fmt: skip
def test_options_that_cannot_be_are_errors(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Series(time="time", **options)


def test_a_network_chooses_the_elements_unless_others_were_named() -> None:
    series = Series(time="time", look_back=6, patch=3)
    series.read_as("patches")
    assert series.elements == "patches"
    with pytest.raises(ConfigError, match="the network reads patches, and the series is to be read as cells"):
        Series(time="time", look_back=6, patch=3, elements="cells").read_as("patches")


def test_nothing_is_known_before_fit() -> None:
    with pytest.raises(NotAvailable, match="has not been fitted"):
        Series(time="time").encode(None)
