"""The benchmark of the kernels: which pairs it takes, how much memory it sees, and that the page tells its figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.attention import calm, problems
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
