"""The tables of the page say what the results say."""

import json

import pytest

from benchmarks.pages.explanation import told
from benchmarks.pages.marked import filled


def row(what, value, low=None, high=None, note=""):
    return {"what": what, "value": value, "low": low, "high": high, "note": note}


ROWS = [
    row("vectors: accuracy", 0.8, 0.79, 0.81, "3 seeds; published 0.808"),
    row("vectors: attention, gradient", 0.3, 0.25, 0.35, "3 seeds; published 0.351"),
    row("vectors: attention, left out", 0.2),
    row("vectors: gradient, left out", 0.6),
    row("vectors: largest weight, times the mean", 4.0),
    row("vectors: median change of permutations", 0.05),
    row("vectors: furthest alternative within 0.01", 0.5),
    row("vectors: furthest alternative within 0.05", 0.6),
    row("vectors: uniform, divergence", 0.1),
    row("vectors: uniform, change of answers", 0.07),
    row("vectors: uniform, accuracy", 0.79),
    row("vectors: words alone, uniform, accuracy", 0.7),
    row("vectors: words alone, base, accuracy", 0.75),
    row("vectors: words alone, base beyond uniform, accuracy", 0.05, 0.01, 0.09),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "explanation_sst2.json").write_text(json.dumps({"benchmark": "explanation_sst2", "rows": ROWS}))
    return tmp_path


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("correlations", "| sst2 | vectors | 0.300 (0.250 to 0.350); 0.351 | 0.200 | 0.600 | "),
        ("changes", "| sst2 | vectors | 4.000 | 0.050 | 0.500 | 0.600 |"),
        ("models", "| sst2 | uniform | 0.100 | 0.070 | 0.790 |"),
        ("words", "| sst2 | uniform | 0.700 |  |\n| sst2 | base | 0.750 | 0.050 (0.010 to 0.090) |"),
    ],
)
def test_a_table_is_written_between_its_marks(folder, table, line):
    page = f"before\n<!-- figures: {table} -->\nold\n<!-- /figures -->\nafter\n"
    found = filled(page, told(folder))
    assert line in found
    assert "old" not in found
    assert found.startswith("before\n")
    assert filled(found, told(folder)) == found
