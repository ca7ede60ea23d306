"""The page of the kernels tells their figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.attention import problems
from benchmarks.pages import kernels
from benchmarks.pages.marked import filled


def row(what: str, value: float, *, bar: str | None = None, low: float | None = None) -> dict[str, object]:
    high = None if low is None else 2 * value - low
    return {"what": what, "value": value, "unit": "x", "low": low, "high": high, "bar": bar, "note": "some"}


def result(name: str, *rows: dict[str, object]) -> dict[str, object]:
    made = {"cpu": "a processor", "threads": 1, "torch": "2"}
    return {"benchmark": name, "date": "2026-01-01", "commit": "abc", "machine": made, "rows": rows}


def test_figures_stand_in_the_page_with_those_that_miss_their_bar_in_bold(tmp_path: Path) -> None:
    rows = [row(f"some, {size}", 1.5, bar="<= 1.2" if size.causal else None, low=1.4) for size in problems.sizes()]
    (tmp_path / "kernels_speed.json").write_text(json.dumps(result("kernels_speed", *rows)))
    found = filled("a\n<!-- figures: speed -->\nold\n<!-- /figures -->\nb\n", kernels.told(tmp_path))
    assert found.count("| 1.5 (1.4 to 1.6)") == 3
    assert found.count("| **1.5** (1.4 to 1.6)") == 3
    assert "| some | 1.5" in found
    assert "| <= 1.2 |" in found
    assert "a processor, torch 2; 2026-01-01, commit abc." in found
    assert "old" not in found


def test_training_has_one_column_for_each_setting(tmp_path: Path) -> None:
    rows = [
        row(f"supervised step, N = 2,048, {each}", 1.1) for each in ("usual scores, 1 thread", "sharp scores, 1 thread")
    ]
    rows[0]["bar"] = rows[1]["bar"] = "<= 1.2"
    (tmp_path / "kernels_training.json").write_text(json.dumps(result("kernels_training", *rows)))
    found = filled("<!-- figures: training -->\n<!-- /figures -->\n", kernels.told(tmp_path))
    assert "|  | usual scores, 1 thread | sharp scores, 1 thread | Bar |" in found
    assert "| N = 2,048 | 1.1 | 1.1 | <= 1.2 |" in found


def test_errors_stand_beside_those_of_the_eager_way(tmp_path: Path) -> None:
    rows = [
        {**row("error of received, scores to 6", 2e-6, bar="<= 1e-05"), "note": "relative; eager float32: 1e-06"},
        {**row("error of received, scores to 89", 3e-5), "note": "relative; eager float32: 2e-05"},
        row("error of received, bfloat16, scores to 6", 4e-5),
    ]
    (tmp_path / "kernels_exact.json").write_text(json.dumps(result("kernels_exact", *rows)))
    found = filled("<!-- figures: exact -->\n<!-- /figures -->\n", kernels.told(tmp_path))
    assert "|  | scores to 6 | scores to 89 | Bar |" in found
    assert "| received | 2e-06 (1e-06) | 3e-05 (2e-05) | <= 1e-05 |" in found
    assert "| error of received, bfloat16, scores to 6 | 4e-05 × |" in found


def test_a_section_without_a_result_is_left_out(tmp_path: Path) -> None:
    text = "a\n<!-- figures: memory -->\nold\n<!-- /figures -->\nb\n"
    assert filled(text, kernels.told(tmp_path)) == "a\n<!-- figures: memory -->\n<!-- /figures -->\nb\n"


@pytest.mark.parametrize(
    ("value", "bar", "reached"),
    [
        (1.2, "<= 1.2", True),
        (1.3, "<= 1.2", False),
        (49, ">= 50", False),
        (0, "0", True),
        (1, "0", False),
        (9, None, True),
    ],
)
def test_a_bar_is_reached_or_not(value: float, bar: str | None, reached: bool) -> None:
    assert kernels.reaches(row("x", value, bar=bar)) == reached
