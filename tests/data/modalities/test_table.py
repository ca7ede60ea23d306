"""Tables: what each kind of column makes of its cells, what becomes of odd ones, and columns that are taken away."""

import math

import numpy as np
import pytest
import torch

from salience.core.errors import ConfigError, DataError
from salience.core.place import Column, Unit
from salience.data.modalities import Table

ROWS = [
    {"age": 20, "job": "cook", "since": "2024-01-31", "old": "no", "same": 7},
    {"age": 30, "job": "vet", "since": "2024-02-01", "old": "yes", "same": 7},
    {"age": 40, "job": "cook", "since": None, "old": "no", "same": 7},
    {"age": None, "job": "vet", "since": "2023-12-31", "old": "no", "same": 7},
]
KINDS = {"age": "numeric", "job": "categorical", "since": "date", "old": "boolean", "same": "numeric"}


def fitted(columns=KINDS, rows=ROWS, **options) -> Table:
    return Table(columns, **options).fit(rows)


def state(table: Table, column: str, cell: object) -> tuple[int, list[float]]:
    """The state and the features of one cell, in the row of a person whose other cells are known."""
    values = table.encode({**ROWS[0], column: cell}).values[list(table.kinds).index(column)]
    return int(values[1]), values[2:].tolist()


def test_a_row_by_hand() -> None:
    table = fitted({"age": "numeric", "job": "categorical"}, numbers="standard")
    example = table.encode({"age": "50", "job": "vet", "other": 1})
    # Column, state, number: the mean age is 30, the standard deviation the root of 200 / 3.
    expected = [[0, 1, 20 / math.sqrt(200 / 3)], [1, 3, 0]]
    np.testing.assert_allclose(example.values, expected, rtol=1e-6)
    assert example.places.tolist() == [[0], [1]]
    assert table.units(example, "table") == [Unit("age", "50", Column("age")), Unit("job", "vet", Column("job"))]


def test_the_stem_by_hand() -> None:
    table = fitted({"age": "numeric", "job": "categorical"}, numbers="standard")
    stem = table.stem(2)
    with torch.no_grad():
        stem.bias.copy_(torch.tensor([[1.0, 0.0], [2.0, 0.0], [9.0, 9.0]]))
        # Missing and known age; missing and unseen job, cook, vet; nothing.
        stem.states.copy_(torch.tensor([[0.0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [0, 7]]))
        stem.directions.zero_()
        stem.directions[0, 0, 0] = 10.0
    rows = [{"age": 30 + math.sqrt(200 / 3), "job": "vet"}, {"age": None, "job": "king"}, None]
    found = stem(table.collate([table.encode(row) for row in rows]))
    torch.testing.assert_close(found[0], torch.tensor([[11.0, 2.0], [2.0, 6.0]]))
    torch.testing.assert_close(found[1], torch.tensor([[1.0, 1.0], [2.0, 4.0]]))
    torch.testing.assert_close(found[2, 0], torch.tensor([9.0, 16.0]))


def test_a_quantile_is_the_place_in_the_normal_distribution() -> None:
    cells = np.random.default_rng(0).lognormal(size=1009)
    table = fitted(["x"], [{"x": each} for each in cells])
    scaled = np.array([table.encode({"x": each}).values[0, 2] for each in cells])
    assert abs(scaled.mean()) < 0.02
    assert abs(scaled.std() - 1) < 0.02
    assert (np.argsort(scaled, kind="stable") == np.argsort(cells, kind="stable")).mean() > 0.99


@pytest.mark.parametrize("numbers", ["quantile", "standard"])
def test_numbers_far_away_stay_finite(numbers) -> None:
    table = fitted({"age": "numeric"}, numbers=numbers)
    found = [state(table, "age", each)[1][0] for each in (-1e308, -1e6, 25, 1e6, 1e308)]
    assert found == sorted(found)
    assert np.isfinite(found).all()
    assert max(map(abs, found)) <= 10


@pytest.mark.parametrize("cell", [None, float("nan"), "", "  "])
@pytest.mark.parametrize("column", ["age", "job", "since", "old"])
def test_a_missing_cell_is_a_state_of_its_own_and_a_unit(column, cell) -> None:
    table = fitted()
    assert state(table, column, cell) == (0, [0.0] * 9)
    assert state(table, column, ROWS[0][column])[0] != 0
    row = {**ROWS[0], column: cell}
    assert (column, "") in [(unit.column, unit.text) for unit in table.units(table.encode(row), "table")]


@pytest.mark.parametrize("cell", ["abc", "1;5", "12 kg", float("inf"), "-inf", [1], b"1"])
def test_what_is_no_number_is_an_error_that_names_column_and_remedy(cell) -> None:
    with pytest.raises(DataError, match="expected a finite number, got") as caught:
        fitted().encode({**ROWS[0], "age": cell})
    assert caught.value.where == "age"
    assert "read the column as categorical" in caught.value.fix
    with pytest.raises(DataError, match="expected a finite number") as caught:
        fitted(KINDS, [*ROWS, {**ROWS[0], "age": cell}])
    assert caught.value.where == "fitting the column 'age'"


@pytest.mark.parametrize("cell", ["7", " 7.0 ", 7, 7.0, np.int64(7), np.float32(7)])
def test_numbers_may_be_written_as_text(cell) -> None:
    table = fitted()
    assert state(table, "age", cell) == state(table, "age", 7)


@pytest.mark.parametrize(
    ("cells", "new", "same"),
    [
        (["1,250.00", "17.50"], "2,000", "2000"),
        (["79,8", "1.250,5"], "2.000", "2000,0"),
        (["12 €", "13,5 €"], "€ 12,50", "12,5€"),
    ],
)
def test_numbers_are_read_as_the_training_cells_are_written(cells, new, same) -> None:
    table = fitted({"x": "numeric"}, [{"x": each} for each in cells])
    assert state(table, "x", new) == state(table, "x", same)
    assert state(table, "x", cells[0]) == state(Table({"x": "numeric"}).restore(table.state()), "x", cells[0])


def test_another_notation_than_that_of_training_is_an_error() -> None:
    table = fitted({"x": "numeric"}, [{"x": "79,8"}, {"x": "80,1"}])
    for cell in ("79.8", "79,8 %"):
        with pytest.raises(DataError, match="expected a finite number") as caught:
            table.encode({"x": cell})
        assert caught.value.fix.startswith("write it as the training cells are written")


@pytest.mark.parametrize("cell", ["n/a", " N/A ", "?", "-", "NaN", "null"])
@pytest.mark.parametrize("column", ["age", "since"])
def test_a_mark_in_place_of_a_number_or_a_date_is_a_missing_cell(column, cell) -> None:
    assert state(fitted(), column, cell) == state(fitted(), column, None)
    assert state(fitted(KINDS, [*ROWS, {**ROWS[0], column: cell}]), column, cell)[0] == 0


def test_a_model_that_was_saved_without_a_notation_reads_plain_numbers() -> None:
    saved = fitted({"age": "numeric"}).state()
    del saved["columns"]["age"]["notation"]
    assert state(Table({"age": "numeric"}).restore(saved), "age", "30")[1] == state(fitted(), "age", 30)[1][:1]


def test_an_unseen_category_has_its_own_state_and_says_only_which_column_it_is() -> None:
    table = fitted()
    assert state(table, "job", "king")[0] == state(table, "old", "maybe")[0] == 1
    stem = table.stem(5)
    assert stem.states[stem.starts[1] + 1].abs().sum() == 0


def test_a_rare_category_is_read_as_unseen_so_that_this_state_is_learned() -> None:
    table = fitted({"job": "categorical"}, [*ROWS, {"job": "king"}])
    assert state(table, "job", "king")[0] == 1


def test_ids_of_mixed_type_are_one_category_where_they_are_written_alike() -> None:
    rows = [{"id": each} for each in (3, "3", 3.0, " 3 ", "a3", "a3", None, True, "True")]
    table = fitted({"id": "categorical"}, rows)
    found = [int(table.encode(row).values[0, 1]) for row in rows]
    assert found == [2, 2, 2, 2, 4, 4, 0, 3, 3]


def test_yes_and_no_do_without_capitals() -> None:
    table = fitted()
    assert state(table, "old", "YES") == state(table, "old", "yes") != state(table, "old", "No")


def test_a_column_that_is_constant_in_train_is_not_read(caplog) -> None:
    table = fitted()
    assert table.left_out == {"same": "constant in train"}
    assert "same" not in table.kinds
    assert "the column 'same' is not read: constant in train" in caplog.text
    # Not even where another row has another value.
    assert (table.encode({**ROWS[0], "same": 8}).values == table.encode(ROWS[0]).values).all()


def test_a_table_of_which_nothing_can_be_learned_is_refused() -> None:
    with pytest.raises(DataError, match="each of the columns same is the same in all 4 training rows"):
        fitted({"same": "numeric"})


def test_codes_that_never_come_twice_are_not_read() -> None:
    table = fitted({"code": "categorical", "n": "numeric"}, [{"code": f"c{n}", "n": n} for n in range(7)])
    assert table.left_out == {"code": "no value occurs twice in train"}


@pytest.mark.parametrize(
    ("cell", "same"),
    [
        ("2024-01-31", "2024-01-31T00:00:00Z"),
        ("2024/1/31", "31.01.2024"),
        ("2024年1月31日", "31/1/2024"),
        ("2024-01-31 13:30", "2024-01-31T14:30:00+01:00"),
        ("2024-01-31 12:30:05.25", "2024-01-31 13:30:05+0100"),
    ],
)
def test_dates_may_be_written_in_many_ways(cell, same) -> None:
    table = fitted()
    assert state(table, "since", cell) == state(table, "since", same)


def test_the_calendar_by_hand() -> None:
    number, features = state(fitted({"since": "date"}), "since", "2024-01-01 06:00")
    assert number == 1
    # A quarter of the first day: of the year, of the month, of a Monday, and of the day.
    turns = [0.25 / 366, 0.25 / 31, 0.25 / 7, 0.25]
    expected = [part for each in turns for part in (math.cos(2 * math.pi * each), math.sin(2 * math.pi * each))]
    np.testing.assert_allclose(features[1:], expected, atol=1e-6)


def test_the_order_of_day_and_month_is_learned_from_train() -> None:
    american = fitted({"d": "date"}, [{"d": "01/31/2024"}, {"d": "03/04/2024"}])
    assert (american.encode({"d": "03/04/2024"}).values == american.encode({"d": "2024-03-04"}).values).all()
    with pytest.raises(DataError, match="the day stands first in '31/01/2024' and second in '01/31/2024'"):
        fitted({"d": "date"}, [{"d": "01/31/2024"}, {"d": "31/01/2024"}])


@pytest.mark.parametrize(
    "cell", ["31 January 2024", "2024-02-30", "2024-13-01", "soon", "12:30", 20240131, "2024-01-31 25:00"]
)
def test_other_dates_are_an_error_that_says_how_to_write_them(cell) -> None:
    with pytest.raises(DataError, match="expected a date, got") as caught:
        fitted().encode({**ROWS[0], "since": cell})
    assert caught.value.where == "since"
    assert "2024-01-31" in caught.value.fix


def test_a_column_that_is_not_there_is_an_error_and_another_one_is_left_alone() -> None:
    with pytest.raises(DataError, match="the column 'age' is missing") as caught:
        fitted().encode({"job": "cook", "since": None, "old": None})
    assert caught.value.where == "age"
    assert (fitted().encode({**ROWS[0], "more": object()}).values == fitted().encode(ROWS[0]).values).all()


def test_blanking_makes_a_column_missing_and_leaving_out_takes_it_away() -> None:
    table = fitted()
    example = table.encode(ROWS[0])
    hidden = table.blank(example, [0, 2])
    assert (hidden.values == table.encode({**ROWS[0], "age": None, "since": None}).values).all()
    left = table.without(example, [0, 2])
    assert [unit.column for unit in table.units(left, "table")] == ["job", "old"]
    assert left.values[:, 0].tolist() == [1, 3]
    assert left.owner.tolist() == [0, 1]


def test_kinds_are_taken_from_the_look_of_the_training_cells() -> None:
    table = fitted(["age", "job", "since", "old"], ROWS * 3)
    assert dict(table.kinds) == {"age": "numeric", "job": "categorical", "since": "date", "old": "boolean"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Table([]), "expected the columns to read"),
        (lambda: Table("age"), "expected the columns to read, got 'age'"),
        (lambda: Table({"age": "numerical"}), "there is no kind of column 'numerical'"),
        (lambda: Table({"age": 3}), "expected the kind of the column 'age' as a name, got 3"),
        (lambda: Table({"age": "numeric"}, numbers="none"), "numbers is 'none'"),
    ],
)
def test_what_cannot_work_is_refused(make, message) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
