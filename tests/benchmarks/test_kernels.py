"""The benchmark of the kernels: which pairs it takes, how much memory it sees, and that the page tells its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.attention import calm, page, problems
from benchmarks.attention.calm import Pair, Sampler
from benchmarks.attention.problems import Size
from tests import documents


def row(what: str, value: float, *, bar: str | None = None, low: float | None = None) -> dict[str, object]:
    high = None if low is None else 2 * value - low
    return {"what": what, "value": value, "unit": "x", "low": low, "high": high, "bar": bar, "note": "some"}


def result(name: str, *rows: dict[str, object]) -> dict[str, object]:
    made = {"cpu": "a processor", "threads": 1, "torch": "2"}
    return {"benchmark": name, "date": "2026-01-01", "commit": "abc", "machine": made, "rows": rows}


def test_the_calmest_pairs_are_taken_and_told() -> None:
    sampler = Sampler(2, "cpu", quiet=1.0)
    sampler.pairs["a"] = [Pair(1, 9, 2.0), Pair(2, 3, 1.1), Pair(1, 2, 1.2)]
    assert sampler.calm("a") == 1
    found = sampler.row("a", "a to b", bar="<= 2")
    assert (found.value, found.low, found.high, found.bar) == (1.75, 1.625, 1.875, "<= 2")
    assert found.note == "median of 2; 1 of them calm"


def test_pairs_are_made_in_turns_until_enough_are_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    # A calm pair; one that is disturbed; one that waits for calm.
    products = iter([1.0] * 10 + [1.0, 1.0] + [1.0, 9.0] + [3.0, 1.0, 1.0])
    monkeypatch.setattr(calm, "PAUSE", 0.001)
    monkeypatch.setattr(Sampler, "_product", lambda self: next(products))
    sampler = Sampler(2, "wall", quiet=1.0)
    sampler.sample(lambda: order.append("-"), {"a": lambda: order.append("a")})
    # Once each without counting, then in turns.
    assert "".join(order) == "-a-aa--a"
    assert [pair.noise for pair in sampler.pairs["a"]] == [1, 9, 1]


def test_a_machine_that_is_never_calm_does_not_keep_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calm, "PAUSE", 0.001)
    monkeypatch.setattr(calm, "PATIENCE", 0.005)
    monkeypatch.setattr(Sampler, "_product", lambda self: 2.0)
    sampler = Sampler(3, "cpu", quiet=1.0)
    sampler.sample(lambda: None, {"a": lambda: None})
    assert len(sampler.pairs["a"]) == calm.MOST * 3
    assert "0 of them calm" in sampler.row("a", "a").note


def test_sharp_scores_are_sharp_and_usual_ones_are_not() -> None:
    for sharpness, low, high in (("usual", 4, 8), ("sharp", 70, 130)):
        query, key, _ = Size(512).tensors(spread=problems.SPREAD[sharpness])
        assert low < (query @ key.mT * problems.WIDTH**-0.5).abs().max() < high


def test_the_eager_way_gives_what_the_yardstick_gives() -> None:
    size = Size(11)
    tensors = size.tensors()
    out, weights = problems.eager(*tensors)
    torch.testing.assert_close(out.transpose(1, 2), size.sdpa(*tensors))
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 8, 11))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the peak of memory from /proc")
def test_the_peak_of_memory_is_that_of_the_matrix_where_one_is_made() -> None:
    words = [sys.executable, "-m", "benchmarks.attention.peak", "eager output + weights", "2048", "8"]
    found = float(subprocess.run(words, check=True, capture_output=True, text=True, cwd=documents.ROOT).stdout)
    # Scores and weights of 128 MiB each.
    assert 250 < found < 300


def test_figures_stand_in_the_page_with_those_that_miss_their_bar_in_bold(tmp_path: Path) -> None:
    rows = [row(f"some, {size}", 1.5, bar="<= 1.2" if size.causal else None, low=1.4) for size in problems.sizes()]
    (tmp_path / "kernels_speed.json").write_text(json.dumps(result("kernels_speed", *rows)))
    filled = page.filled("a\n<!-- figures: speed -->\nold\n<!-- /figures -->\nb\n", tmp_path)
    assert filled.count("| 1.5 (1.4 to 1.6)") == 3
    assert filled.count("| **1.5** (1.4 to 1.6)") == 3
    assert "| some | 1.5" in filled
    assert "| <= 1.2 |" in filled
    assert "a processor, torch 2; 2026-01-01, commit abc." in filled
    assert "old" not in filled


def test_training_has_one_column_for_each_setting(tmp_path: Path) -> None:
    rows = [
        row(f"supervised step, N = 2,048, {each}", 1.1) for each in ("usual scores, 1 thread", "sharp scores, 1 thread")
    ]
    rows[0]["bar"] = rows[1]["bar"] = "<= 1.2"
    (tmp_path / "kernels_training.json").write_text(json.dumps(result("kernels_training", *rows)))
    filled = page.filled("<!-- figures: training -->\n<!-- /figures -->\n", tmp_path)
    assert "|  | usual scores, 1 thread | sharp scores, 1 thread | Bar |" in filled
    assert "| N = 2,048 | 1.1 | 1.1 | <= 1.2 |" in filled


def test_errors_stand_beside_those_of_the_eager_way(tmp_path: Path) -> None:
    rows = [
        {**row("error of received, scores to 6", 2e-6, bar="<= 1e-05"), "note": "relative; eager float32: 1e-06"},
        {**row("error of received, scores to 89", 3e-5), "note": "relative; eager float32: 2e-05"},
        row("error of received, bfloat16, scores to 6", 4e-5),
    ]
    (tmp_path / "kernels_exact.json").write_text(json.dumps(result("kernels_exact", *rows)))
    filled = page.filled("<!-- figures: exact -->\n<!-- /figures -->\n", tmp_path)
    assert "|  | scores to 6 | scores to 89 | Bar |" in filled
    assert "| received | 2e-06 (1e-06) | 3e-05 (2e-05) | <= 1e-05 |" in filled
    assert "| error of received, bfloat16, scores to 6 | 4e-05 × |" in filled


def test_a_section_without_a_result_is_left_out(tmp_path: Path) -> None:
    text = "a\n<!-- figures: memory -->\nold\n<!-- /figures -->\nb\n"
    assert page.filled(text, tmp_path) == "a\n<!-- figures: memory -->\n<!-- /figures -->\nb\n"


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
    assert page.reaches(row("x", value, bar=bar)) == reached


def test_the_figures_of_the_page_are_those_that_were_measured() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert set(page.MARKED.findall(text)) or not list(page.RESULTS.glob("kernels_*.json"))
    assert text == page.filled(text, page.RESULTS), "bring the figures up to date: python -m benchmarks.kernels page"
