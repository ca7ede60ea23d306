"""Every page tells the figures that were measured, and asks for every table."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measure import RESULTS
from benchmarks.pages import DOCS, PAGES
from benchmarks.pages.marked import MARKED, filled, rows_of, table, value


@pytest.mark.parametrize("name", PAGES)
def test_the_figures_of_a_page_are_those_that_were_measured(name: str) -> None:
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert MARKED.search(text)
    assert text == filled(text, PAGES[name](RESULTS)), "bring it up to date: python -m benchmarks.pages"


def test_every_page_with_marks_is_known() -> None:
    marked = {path.stem for path in DOCS.glob("*.md") if MARKED.search(path.read_text(encoding="utf-8"))}
    assert marked == set(PAGES)


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    page = "a\n<!-- figures: one -->\nold\n<!-- /figures -->\nb\n<!-- figures: two -->\nold\n<!-- /figures -->\n"
    found = filled(page, {"one": "new"}.get)
    assert (
        found == "a\n<!-- figures: one -->\n\nnew\n\n<!-- /figures -->\nb\n<!-- figures: two -->\n<!-- /figures -->\n"
    )
    assert filled(found, {"one": "new"}.get) == found


def test_a_number_stands_with_its_interval() -> None:
    row = {"value": 0.12345, "low": 0.1, "high": 0.2}
    assert value(row) == "0.123 (0.100 to 0.200)"
    assert value({**row, "low": None}, ".1f") == "0.1"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_result_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "none.json") == {}
