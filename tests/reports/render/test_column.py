"""The columns of a row as bars: the strongest on top, names and values as they are, whatever a cell holds."""

import re

from salience.core.place import Column, Heat, Unit
from salience.reports.naming import TABLE, cell_of, name_of
from salience.reports.render import render


def heat(column: str, text: str, score: float, *, faint: bool = False) -> Heat:
    return Heat(Unit(column, text, Column(column)), score, faint=faint)


def rows(page: str) -> list[str]:
    return re.findall(r"<tr[^>]*><th scope=\"row\"><bdi>(.*?)</bdi>", page)


def test_the_strongest_column_stands_on_top_with_the_longest_bar() -> None:
    page = render("", [heat("age", "30", 0.2), heat("job", "cook", -0.5), heat("city", "Ulm", 0.3)])
    assert rows(page) == ["job", "city", "age"]
    assert re.findall(r'<rect class="(\w+)" width="([\d.]+)%"', page) == [
        ("against", "100.0"),
        ("for", "60.0"),
        ("for", "40.0"),
    ]
    assert "cook" in page


def test_a_missing_cell_is_called_missing_and_a_faint_one_is_pale() -> None:
    page = render("", [heat("age", "", 0.2, faint=True)])
    assert ">missing<" in page
    assert '<tr class="faint">' in page


def test_names_and_values_cannot_break_the_page() -> None:
    page = render("", [heat("<script>a</script>", "<b>" + "x" * 300, 1.0)])
    assert "<script" not in page
    assert "<b>" not in page
    assert "x" * 61 not in page


def test_long_numbers_are_written_short_and_all_else_as_it_is() -> None:
    cells = ["0.5965743978048218", "-1.5322989e-07", "0.25", "202401311200", "1.234.567,891"]
    page = render("", [heat(f"c{number}", cell, 1.0) for number, cell in enumerate(cells)])
    shown = re.findall(r'<td class="value"><bdi>(.*?)</bdi>', page)
    assert shown == ["0.596574", "-1.5323e-07", "0.25", "202401311200", "1.234.567,891"]


def test_many_columns_are_told_in_a_line() -> None:
    page = render("", [heat(f"c{number}", "1", 0.01) for number in range(31)])
    assert len(rows(page)) == 20
    assert "11 columns more" in page


def test_a_row_without_importance_has_bars_of_no_length() -> None:
    assert 'width="0.0%"' in render("", [heat("age", "30", 0.0)])


def test_units_of_a_table_are_named_with_their_column() -> None:
    assert name_of(heat("age", "30", 1).unit) == "age = 30"
    assert cell_of(heat("age", "30", 1)) == TABLE
