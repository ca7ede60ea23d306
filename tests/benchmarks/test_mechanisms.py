from __future__ import annotations

import pytest

from benchmarks import mechanisms
from benchmarks.planted.cases import CASES, Case
from benchmarks.planted.trial import Found


def test_the_worst_seed_counts_with_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {0: 200, 1: 190, 2: 199}
    monkeypatch.setattr(Case, "run", lambda self, seed: Found(right=200, hit=both[seed], both=both[seed], luck=0.1))
    first, *_, last = mechanisms.rows(CASES[0])
    assert (first.value, first.bar) == (95, ">= 95")
    assert first.low is not None
    assert first.high is not None
    assert first.low < 95 < first.high
    assert "worst of 3 seeds (200, 190, 199)" in first.note
    assert last.value == pytest.approx(10)


def test_where_a_reason_is_given_there_is_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Case, "run", lambda self, seed: Found(right=3, hit=2, both=1, luck=0.1))
    case = next(case for case in CASES if case.why)
    first = next(mechanisms.rows(case))
    assert first.bar is None
    assert case.why in first.note


def test_figures_that_are_known_are_found_by_the_whole_name() -> None:
    assert len(list(mechanisms.known("Dot"))) == 5
    assert all(row.what.startswith("Dot, ") for row in mechanisms.known("Dot"))
