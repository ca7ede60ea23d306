"""Do residuals of forecasts find what experts marked in 58 series, and does attention look there?

Data and split: all 58 series of the Numenta Anomaly Benchmark, 365,558 points, 116 windows in which experts saw an
anomaly. The first 15 % of each series are to learn from (the benchmark's own probation, in which nothing is scored), of
them the last third to choose the epoch by; the rest is judged.

Protocol: one `RecurrentAttention` for all series forecasts the next point from the 48 before it, each window at its own
level and scale. A point's score is its residual on the scale of the residuals of the probation (`UsualResiduals`); a
point is flagged where that exceeds the 99.5 % quantile of the probation of its series, so that the threshold knows no
label. `AUC` is that of points inside against points outside the marked windows, the mean over series that have both;
precision is the share of flagged points that lie inside, recall the share of marked windows with a flagged point, both
over all series. `naive` takes the last point for the forecast, `random` flags as many points of each series.

Attention: the share on marked points, in windows of which a part is marked, less the share that the average attention
by position (over all judged windows) has there. Intervals draw whole series (2,000 bootstrap draws).

    python -m benchmarks.nab --seeds 3
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import RESULTS, Row, commit, timed, write
from salience.core.errors import DataError

LOOK_BACK, PROBATION, QUANTILE = 48, 0.15, 0.995
_SERIES = {"time": "timestamp", "series": "series", "look_back": LOOK_BACK, "variables": ["value"]}
SETTINGS: dict[str, Any] = {
    "model": {"network": {"RecurrentAttention": {"width": 24}}},
    "train": {"epochs": 10, "batch_size": 256, "learning_rate": 3e-3, "patience": 0, "drop_units": 0.0},
}
RUNS = RESULTS / "runs" / "nab.jsonl"


@dataclass(frozen=True)
class Marked:
    """Windows of all series, and which points of the table lie in a marked stretch of time."""

    train: list[Any]
    validation: list[Any]
    judged: list[Any]
    inside: np.ndarray
    """Per row of the long table."""
    stretch: np.ndarray
    """Per row of the long table, the number of the marked stretch; -1 outside."""


def read() -> Marked:
    """All series as one long table, cut into windows."""
    from salience.data import table
    from salience.data.modalities import Series
    from salience.data.stamps import read_stamps
    from salience.data.windows import Run, windows

    folder = _folder()
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    # A few series write a time stamp twice, where the clocks went back: the first one stays.
    frames = [
        pd.read_csv(folder / "data" / name).drop_duplicates("timestamp").assign(series=name) for name in sorted(labels)
    ]
    long = Series(**_SERIES).table(table.read(pd.concat(frames, ignore_index=True)))
    stretch = np.full(len(long), -1)
    for k, name in enumerate(long.names):
        rows = slice(long.starts[k], long.starts[k + 1])
        for number, pair in enumerate(labels[name]):
            first, last = read_stamps(table.read([{"t": each} for each in pair])["t"], name).times
            stretch[rows][(long.times[rows] >= first) & (long.times[rows] <= last)] = number
    sides: dict[str, list[Any]] = {"train": [], "validation": [], "judged": []}
    for k in range(len(long.names)):
        begin, end = int(long.starts[k]), int(long.starts[k + 1])
        probation = begin + int(PROBATION * (end - begin))
        borders = (begin + LOOK_BACK, begin + 2 * (probation - begin) // 3, probation, end)
        for side, first, last in zip(sides, borders, borders[1:], strict=False):
            sides[side] += list(windows(long, [Run(k, first, last - 1)], look_back=LOOK_BACK, horizon=1))
    return Marked(*sides.values(), stretch >= 0, stretch)


def run(seed: int, data: Marked) -> dict[str, Any]:
    """Train once; how the residuals score, and where attention lies."""
    from salience import Pipeline
    from salience.evaluation.anomaly import residuals
    from salience.training import Side, TrainOptions, fit

    pipeline = Pipeline({"history": {"Series": _SERIES}}, {"Forecast": {"horizon": 1}}, model=SETTINGS["model"])
    rows = {side: [{"history": each} for each in getattr(data, side)] for side in ("train", "validation")}
    pipeline.learn(rows["train"], data.train, seed=seed)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            train, held = (Side(list(pipeline.encode(rows[each])), getattr(data, each)) for each in rows)
            fit(pipeline, train, held, options=TrainOptions(**SETTINGS["train"], seed=seed), folder=Path(folder))

    seconds = timed(work).cpu
    usual = [*data.train, *data.validation]
    found = judge(residuals(pipeline, usual), residuals(pipeline, data.judged), data, seed=seed)
    looked = attention(pipeline, data)
    return {
        "seed": seed,
        "settings": SETTINGS,
        "commit": commit(),
        "core_seconds": round(seconds, 1),
        **found,
        **looked,
    }


def judge(usual: np.ndarray, came: np.ndarray, data: Marked, *, seed: int) -> dict[str, Any]:
    """Per series: AUC, flagged points and those of them inside, marked stretches and those of them found."""
    from salience.evaluation.anomaly import UsualResiduals

    before = [each.name for each in (*data.train, *data.validation)]
    after = [each.name for each in data.judged]
    scale = UsualResiduals.of(usual, before)
    known, scores = scale.scores(usual, before), scale.scores(came, after)
    names, row = np.array(after, dtype=object), np.array([each.stop for each in data.judged])
    generator = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for name in dict.fromkeys(after):
        here = names == name
        limit = np.nanquantile(known[np.array(before, dtype=object) == name], QUANTILE)
        inside, stretch, score = data.inside[row[here]], data.stretch[row[here]], np.nan_to_num(scores[here])
        flagged = score > limit
        chance = np.isin(np.arange(len(score)), generator.permutation(len(score))[: flagged.sum()])
        found[name] = {
            "auc": _auc(score, inside),
            **_counts("flagged", flagged, inside, stretch),
            **_counts("random", chance, inside, stretch),
            "points": int(here.sum()),
            "inside": int(inside.sum()),
            "stretches": len(set(stretch[stretch >= 0].tolist())),
        }
    return {"series": found}


def attention(pipeline: Any, data: Marked) -> dict[str, Any]:
    """Per series the share of attention on marked points, and that of the average attention by position."""
    from salience.evaluation.importance import Received

    part = [each for each in data.judged if 0 < data.inside[each.stop - LOOK_BACK : each.stop].sum() < LOOK_BACK]
    everywhere = data.judged[:: max(1, len(data.judged) // 4000)]
    prior = np.mean([each["history"] for each in _scores(Received(), pipeline, everywhere)], axis=0)
    part = part[:: max(1, len(part) // 6000)]
    found: dict[str, dict[str, list[float]]] = {}
    for window, scores in zip(part, _scores(Received(), pipeline, part), strict=True):
        inside = data.inside[window.stop - LOOK_BACK : window.stop]
        of = found.setdefault(window.name, {"attention": [], "prior": [], "even": []})
        of["attention"].append(float(scores["history"][inside].sum()))
        of["prior"].append(float(prior[inside].sum()))
        of["even"].append(float(inside.mean()))
    return {"looked": {name: {what: float(np.mean(each)) for what, each in of.items()} for name, of in found.items()}}


def naive(data: Marked) -> dict[str, Any]:
    """The same of a forecast that is the last point."""

    def off(windows: list[Any]) -> np.ndarray:
        return np.array([each.future[0] - each.past[-1] for each in windows])

    return judge(off([*data.train, *data.validation]), off(data.judged), data, seed=0)


def summarise(data: Marked) -> list[Row]:
    """Everything as means over seeds, with intervals over series."""
    known = records()
    rows = []
    for name, runs in (("residuals", known), ("naive", [naive(data)])):
        if runs:
            rows += _detection(name, [each["series"] for each in runs], "flagged")
    if known:
        rows += _detection("random", [each["series"] for each in known], "random")[1:]
        rows += _looked([each["looked"] for each in known])
    return rows


def _detection(name: str, runs: list[dict[str, Any]], kind: str) -> list[Row]:
    series = list(runs[0])
    keys = ("auc", kind, f"{kind} inside", f"{kind} found", "stretches")
    table = np.array(
        [
            [[run[each][key] if run[each][key] is not None else np.nan for key in keys] for each in series]
            for run in runs
        ]
    ).mean(0)
    auc, flagged, inside, found, stretches = table.T
    both = np.isfinite(auc)
    note = f"{len(runs)} seeds, interval over series" if len(runs) > 1 else "interval over series"
    return [
        _row(f"{name}, AUC", auc[both], np.ones(both.sum()), f"{note}, {both.sum()} of {len(series)} have both kinds"),
        _row(f"{name}, precision of flagged points", inside, flagged, note),
        _row(f"{name}, recall of marked windows", found, stretches, note),
    ]


def _looked(runs: list[dict[str, Any]]) -> list[Row]:
    series = list(runs[0])
    found = {
        what: np.mean([[run[each][what] for each in series] for run in runs], axis=0)
        for what in ("attention", "prior", "even")
    }
    note = f"{len(runs)} seeds, interval over {len(series)} series"
    ones = np.ones(len(series))
    rows = [_row(f"share on marked points, {what}", each, ones, note) for what, each in found.items()]
    return [*rows, _row("attention less position prior", found["attention"] - found["prior"], ones, note)]


def _row(what: str, upper: np.ndarray, lower: np.ndarray, note: str) -> Row:
    from salience.evaluation import Bootstrap

    score = Bootstrap(2000).estimate(lambda weights: weights @ upper / np.maximum(weights @ lower, 1e-12), len(upper))
    return Row(what, score.value if score.value is not None else float("nan"), "", score.low, score.high, note=note)


def _counts(name: str, flagged: np.ndarray, inside: np.ndarray, stretch: np.ndarray) -> dict[str, int]:
    found = set(stretch[flagged & inside].tolist())
    return {name: int(flagged.sum()), f"{name} inside": int((flagged & inside).sum()), f"{name} found": len(found)}


def _auc(score: np.ndarray, inside: np.ndarray) -> float | None:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(inside, score)) if 0 < inside.sum() < len(inside) else None


def _scores(method: Any, pipeline: Any, windows: list[Any]) -> list[Any]:
    return method.scores(pipeline, [pipeline.encode_row({"history": each}, name=str(each)) for each in windows])


def records() -> list[dict[str, Any]]:
    """All runs so far with the present settings."""
    lines = RUNS.read_text(encoding="utf-8").splitlines() if RUNS.exists() else []
    return [each for each in map(json.loads, lines) if each["settings"] == SETTINGS]


def _folder() -> Path:
    root = os.environ.get("SALIENCE_DATA")
    if not root:
        raise DataError("the series are not here", fix="set SALIENCE_DATA to the folder of the data sets")
    return Path(root) / "nab"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    data = read()
    for seed in range(parser.parse_args().seeds):
        if not any(each["seed"] == seed for each in records()):
            record = run(seed, data)
            with RUNS.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print(seed, f"{record['core_seconds']:.0f} s", flush=True)
    write("nab", summarise(data), settings=SETTINGS)


if __name__ == "__main__":
    main()
