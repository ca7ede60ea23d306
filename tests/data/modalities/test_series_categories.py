"""Categories of series: learned from training rows, read one by one, and one unit for each column as it was named."""

import json
from typing import Any

import numpy as np
import pytest

from salience.core.errors import DataError
from salience.data import table as tables
from salience.data.modalities import Series
from salience.data.windows import Window
from tests.data.series import every_window, rows

LOOK_BACK, HORIZON, PATCH = 6, 2, 3
ELEMENTS = ("times", "variables", "patches", "cells")
PROMOTION = ("yes", "no", None, "no", "no", "yes", "no", "yes", "no", "no", "no", "yes", "no")


def given(**columns: Any) -> list[dict[str, Any]]:
    """Two series of 13 hours with a number, a promotion and a region."""
    every = rows((13, 13), variables=1)
    for t, row in enumerate(every):
        row |= {"promotion": PROMOTION[t % 13], "region": ("coast", "hills")[t // 13]}
        row |= {name: values[t % 13] for name, values in columns.items()}
    return every


def fitted(elements: str = "times", *, rows: list[dict[str, Any]] | None = None, **options: Any) -> tuple[Series, Any]:
    named = {"known": ("promotion",), "static": ("region",), **options}
    series = Series(time="time", series="shop", look_back=LOOK_BACK, patch=PATCH, elements=elements, **named)
    table = series.table(tables.read(given() if rows is None else rows))
    cells = every_window(table, look_back=LOOK_BACK, horizon=HORIZON)
    return series.fit(cells), cells


def matrix(series: Series, window: Window) -> dict[str, list[float]]:
    """What is read of a window, channel by channel."""
    return dict(zip(series.channels.names, series.channels.matrix(window).T.tolist(), strict=True))


def test_each_category_is_a_channel_and_missing_ones_are_one_too() -> None:
    series, cells = fitted()
    found = matrix(series, cells[0])
    assert list(found)[1:] == [
        *(f"promotion is {each}" for each in ("no", "yes", "unseen", "missing")),
        *(f"region is {each}" for each in ("coast", "hills", "unseen", "missing")),
    ]
    assert found["promotion is yes"] == [1, 0, 0, 0, 0, 1, 0, 1]
    assert found["promotion is no"] == [0, 1, 0, 1, 1, 0, 1, 0]
    assert found["promotion is missing"] == [0, 0, 1, 0, 0, 0, 0, 0]
    assert found["region is coast"] == [1] * 8
    assert matrix(series, cells[8])["region is hills"] == [1] * 8


def test_only_training_windows_tell_which_categories_there_are() -> None:
    late = ["no"] * 10 + ["yes", "sale", None]
    series, cells = fitted(rows=given(promotion=late))
    assert series.state()["categories"]["promotion"] == ["no", "sale", "yes"]
    series.fit(cells[:2])
    assert series.state()["categories"] == {"promotion": ["no"], "region": ["coast"]}
    found = matrix(series, cells[5])
    assert found["promotion is no"] == [1, 1, 1, 1, 1, 0, 0, 0]
    assert found["promotion is unseen"] == [0, 0, 0, 0, 0, 1, 1, 0]
    assert found["promotion is missing"] == [0, 0, 0, 0, 0, 0, 0, 1]
    assert matrix(series, cells[10])["region is unseen"] == [1] * 8


@pytest.mark.parametrize(("elements", "count"), [("variables", 3), ("patches", 1 + 2 + 2), ("cells", 1 + 6 + 6 + 2)])
def test_a_column_is_one_unit_whatever_it_holds(elements: str, count: int) -> None:
    series, cells = fitted(elements)
    example = series.encode(cells[0])
    units = series.units(example, "history")
    assert len(units) == count
    assert {unit.place.variable for unit in units} == {"a", "promotion", "region"}
    assert len([unit for unit in units if unit.place.variable == "region"]) == 1
    assert sorted(set(example.owner.tolist())) == list(range(count))
    told = [unit.text for unit in units]
    assert any(text.startswith("region is coast, 2024-01-01 00:00:00 to ") for text in told)
    assert ("promotion is yes, 2024-01-01 00:00:00" in told) == (elements == "cells")


@pytest.mark.parametrize("elements", ["times", "variables", "cells"])
def test_a_category_reaches_the_model_ahead_only_where_it_is_known(elements: str) -> None:
    other = list(PROMOTION)
    other[6] = "yes"
    for roles, differs in (({}, True), ({"known": (), "variables": ("a", "promotion")}, False)):
        series, cells = fitted(elements, **roles)
        changed = series.table(tables.read(given(promotion=other)))
        later = every_window(changed, look_back=LOOK_BACK, horizon=HORIZON)[0]
        assert np.array_equal(series.encode(cells[0]).values, series.encode(later).values) != differs


@pytest.mark.parametrize("elements", ELEMENTS)
def test_a_category_that_is_blanked_is_missing_and_one_taken_away_holds(elements: str) -> None:
    series, cells = fitted(elements)
    example = series.encode(cells[0])
    names = series.channels.names
    every = range(len(example.places))
    hidden = dict(zip(names, series.arrangement.matrix(series.blank(example, every).values).T.tolist(), strict=True))
    assert hidden["promotion is missing"][:LOOK_BACK] == [1] * LOOK_BACK
    assert hidden["promotion is yes"][:LOOK_BACK] == [0] * LOOK_BACK
    gone = dict(zip(names, series.arrangement.matrix(series.without(example, every).values).T.tolist(), strict=True))
    assert gone["promotion is yes"][:LOOK_BACK] == [1] * LOOK_BACK


@pytest.mark.parametrize("elements", ELEMENTS)
def test_what_was_learned_of_categories_comes_back(elements: str) -> None:
    series, cells = fitted(elements)
    options = {"known": ("promotion",), "static": ("region",), "elements": elements}
    again = Series(time="time", series="shop", look_back=LOOK_BACK, patch=PATCH, **options)
    again.restore(json.loads(json.dumps(series.state())))
    np.testing.assert_array_equal(again.encode(cells[3]).values, series.encode(cells[3]).values)


def test_a_fitted_series_reads_a_table_as_it_read_the_first() -> None:
    series, _ = fitted()
    numbers = series.table(tables.read(given(promotion=["1"] * 13, a=[None] * 13)))
    assert numbers.categories == {"promotion": ("1",), "region": ("coast", "hills")}
    assert np.isnan(numbers.values[:, 0]).all()
    with pytest.raises(DataError, match=r"(?s)expected a finite number, got 'many'.*column 'a'"):
        series.table(tables.read(given(a=["many"] * 13)))


def test_booleans_are_categories_and_numbers_are_not() -> None:
    series, _ = fitted(rows=given(promotion=[True, False] * 6 + [True]))
    assert series.state()["categories"]["promotion"] == ["False", "True"]
    series, _ = fitted(rows=given(promotion=[0, 1] * 6 + [0]))
    assert list(series.state()["categories"]) == ["region"]


def test_windows_of_another_kind_and_too_many_categories_are_errors() -> None:
    series, _ = fitted()
    strange = Series(time="time", series="shop", known=("promotion",), static=("region",))
    table = strange.table(tables.read(given(promotion=[1.0] * 13)))
    window = every_window(table, look_back=LOOK_BACK, horizon=HORIZON)[0]
    with pytest.raises(DataError, match="trained on categories in 'promotion', and the series hold numbers"):
        series.encode(window)
    many = [{"time": t, "a": 1.0 * t, "name": f"n{t}"} for t in range(120)]
    crowded = Series(time="time", look_back=3, known=("name",))
    cells = every_window(crowded.table(tables.read(many)), look_back=3, horizon=1)
    with pytest.raises(DataError, match="'name' has 120 categories in the training rows, and 100 can be told apart"):
        crowded.fit(cells)
