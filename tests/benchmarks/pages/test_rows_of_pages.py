"""Each page finds its numbers by the names of the rows of results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.pages import networks, series, stocks, tables


def row(what: str, value: float, low: float | None = None, **more: Any) -> dict[str, Any]:
    high = None if low is None else 2 * value - low
    return {"what": what, "value": value, "low": low, "high": high, "bar": None, "note": "", **more}


def written(folder: Path, name: str, *rows: dict[str, Any], **more: Any) -> Path:
    (folder / f"{name}.json").write_text(json.dumps({"rows": rows, **more}), encoding="utf-8")
    return folder


def test_a_network_has_a_line_with_its_seeds_and_one_with_what_is_published(tmp_path: Path) -> None:
    rows = []
    for horizon in networks.HORIZONS:
        name = f"PatchTST, look-back 336, horizon {horizon}"
        rows += [
            row(f"{name}, test_mse", horizon / 1000, bar="published 0.111", note="3 seeds, 0.9 of it"),
            row(f"{name}, test_mae", 0.5, bar="published 0.222"),
            row(f"{name}, core_seconds", horizon / 10),
        ]
    lines = (networks.told(written(tmp_path, "ett", *rows))("ett") or "").splitlines()
    seen = "0.096 / 0.500 | 0.192 / 0.500 | 0.336 / 0.500 | 0.720 / 0.500"
    assert lines[2] == f"| 336 | `PatchTST` | {seen} | 3 | 10 to 72 |"
    assert lines[3].startswith("|  | published | 0.111 / 0.222 | ")
    # A horizon that is lacking leaves the network out.
    assert len((networks.told(written(tmp_path, "ett", *rows[3:]))("ett") or "").splitlines()) == 2


def test_accuracy_is_told_in_percent_beside_what_is_published(tmp_path: Path) -> None:
    rows = [row("LSTM, accuracy", 0.52, 0.48), row("LSTM, their protocol, accuracy", 0.53)]
    table = stocks.told(written(tmp_path, "movement", *rows))("accuracy") or ""
    assert "| LSTM | 52.0 % (48.0 to 56.0) | 53.0 % | 53.2 % |" in table
    assert stocks.told(tmp_path)("price") is None


def test_squared_errors_of_a_ranking_are_told_times_ten_thousand(tmp_path: Path) -> None:
    rows = [row("Rank_LSTM, MSE", 3.86e-4, 3.62e-4), row("Rank_LSTM, MRR", 0.018), row("Rank_LSTM, IRR", 0.01, -0.5)]
    table = stocks.told(written(tmp_path, "ranking", *rows))("ranking") or ""
    assert "| LSTM | 3.86 (3.62 to 4.10) | 0.018 | 0.01 (-0.50 to 0.52) | 3.79, .042, .68 |" in table


def test_what_is_found_by_chance_stands_where_nothing_was_measured(tmp_path: Path) -> None:
    rows = [
        row(f"{way}, {name}", 0.2)
        for way in series.COLUMNS
        for name in series.LINES
        if (way, name) != ("random", "AUC")
    ]
    table = series.told(written(tmp_path, "nab", *rows))("nab") or ""
    assert "| AUC of points | 0.200 | 0.200 | 0.5 |" in table


def test_verdicts_that_agree_are_counted_and_others_listed(tmp_path: Path) -> None:
    runs = [f"{case}, {model}, seed {seed}" for case in ("one", "pair") for model in tables.MODELS for seed in range(3)]
    rows = [row(f"{run}: highest on what is planted", 0.985) for run in runs]
    trust = [{"what": run, "verdict": "misleading" if run.endswith("2") and "one" in run else "wiring"} for run in runs]
    table = tables.told(written(tmp_path, "planted_table", *rows, trust=trust))("planted") or ""
    expected = "98%, 98%, 98% | wiring, wiring, misleading | 98%, 98%, 98% | wiring, 3 of 3"
    assert f"| sparse selection | {expected} |" in table
