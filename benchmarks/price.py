"""What will a stock cost tomorrow? A recurrent network with attention over 30 days, beside yesterday's price.

Data and split: the adjusted closing prices (as logarithms) of 87 stocks of StockNet, 2013-06-03 to 2015-12-31, in one
long table; days before 2015-08-03 to learn from, until 2015-10-01 to choose by, and the rest to judge by, as in ACL18.

Protocol: `RecurrentAttention` reads 30 days and forecasts the next one; each window at its own level and scale. The
epoch is chosen by validation, test windows are answered once. The error is the root of the mean squared error of the
logarithm, which is about that of the daily return. Ratios to the naive forecast (the last price) are those of all
seeds together, with intervals over days (2,000 bootstrap draws of whole days). `drift` goes on by the mean step of the
window.

    python -m benchmarks.price --seeds 10
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import RESULTS, Row, commit, timed, write
from benchmarks.stocknet import BORDERS, log_prices

LOOK_BACK = 30
_SERIES = {"time": "date", "series": "stock", "look_back": LOOK_BACK, "variables": ["log price"]}
SETTINGS: dict[str, Any] = {
    "model": {"network": {"RecurrentAttention": {"width": 16}}},
    "train": {"epochs": 20, "batch_size": 256, "learning_rate": 5e-3, "patience": 0, "drop_units": 0.0},
    "stride": 3,
}
RUNS = RESULTS / "runs" / "price.jsonl"


def sides() -> dict[str, Any]:
    """The windows of each side; of those to learn from every third."""
    from salience.data import table
    from salience.data.modalities import Series
    from salience.data.stamps import read_stamps
    from salience.data.windows import runs_between, windows

    long = Series(**_SERIES).table(table.read(log_prices()))
    found = {}
    for side, borders in BORDERS.items():
        first, end = read_stamps(table.read([{"date": each} for each in borders])["date"], "the borders").times
        start = -np.inf if side == "train" else first
        runs = runs_between(long, start, end, look_back=LOOK_BACK, horizon=1, reach_back=side != "train")
        stride = SETTINGS["stride"] if side == "train" else 1
        cells = windows(long, runs, look_back=LOOK_BACK, horizon=1, stride=stride)
        found[side] = [each for each in cells if np.isfinite(each.past).all() and np.isfinite(each.future).all()]
    return found


def run(seed: int, windows: dict[str, Any]) -> dict[str, Any]:
    """Train once; the squared error of each test window."""
    from salience import Pipeline
    from salience.training import Side, TrainOptions, fit

    pipeline = Pipeline({"prices": {"Series": _SERIES}}, {"Forecast": {"horizon": 1}}, model=SETTINGS["model"])
    rows = {side: [{"prices": each} for each in cells] for side, cells in windows.items()}
    pipeline.learn(rows["train"], windows["train"], seed=seed)
    told: dict[str, Any] = {}

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            train, held = (Side(list(pipeline.encode(rows[each])), windows[each]) for each in ("train", "validation"))
            options = TrainOptions(**SETTINGS["train"], seed=seed)
            told["fitted"] = fit(pipeline, train, held, options=options, folder=Path(folder))

    seconds = timed(work).cpu
    said = [answer.prediction.values[0, 0] for answer in pipeline.answers(list(pipeline.encode(rows["test"])))]
    errors = (np.array(said) - _truth(windows["test"])) ** 2
    return {
        "seed": seed,
        "settings": SETTINGS,
        "commit": commit(),
        "epoch": told["fitted"].best.number,
        "core_seconds": round(seconds, 1),
        "squared": [float(f"{each:.5g}") for each in errors],
    }


def rules(test: list[Any]) -> dict[str, np.ndarray]:
    """The squared errors of what learns nothing."""
    last = np.array([each.past[-1, 0] for each in test])
    first = np.array([each.past[0, 0] for each in test])
    drift = last + (last - first) / (LOOK_BACK - 1)
    return {"naive": (last - _truth(test)) ** 2, "drift": (drift - _truth(test)) ** 2}


def summarise(test: list[Any]) -> list[Row]:
    """The error of each way, and its ratio to the naive one."""
    from salience.evaluation import Bootstrap

    known = records()
    squared = rules(test)
    if known:
        squared["RecurrentAttention"] = np.mean([each["squared"] for each in known], axis=0)
    bootstrap = Bootstrap(2000, 0, [each.stamps_ahead()[0] for each in test])
    rows = []
    for name, each in squared.items():
        note = f"{len(known)} seeds, interval over days" if name == "RecurrentAttention" else "interval over days"
        score = bootstrap.estimate(lambda weights, each=each: _root(weights, each), len(test))
        rows.append(Row(f"{name}, error of the logarithm", score.value, "", score.low, score.high, note=note))
        if name != "naive":
            score = bootstrap.estimate(
                lambda weights, each=each: _root(weights, each) / _root(weights, squared["naive"]), len(test)
            )
            rows.append(Row(f"{name} to naive", score.value, "x", score.low, score.high, note=note))
    return rows


def _root(weights: np.ndarray, squared: np.ndarray) -> np.ndarray:
    return np.sqrt(weights @ squared / weights.sum(1))


def _truth(test: list[Any]) -> np.ndarray:
    return np.array([each.future[0, 0] for each in test])


def records() -> list[dict[str, Any]]:
    """All runs so far with the present settings."""
    lines = RUNS.read_text(encoding="utf-8").splitlines() if RUNS.exists() else []
    return [each for each in map(json.loads, lines) if each["settings"] == SETTINGS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    windows = sides()
    for seed in range(parser.parse_args().seeds):
        if not any(each["seed"] == seed for each in records()):
            record = run(seed, windows)
            with RUNS.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print(seed, f"{record['core_seconds']:.0f} s", np.sqrt(np.mean(record["squared"])), flush=True)
    write("price", summarise(windows["test"]), settings=SETTINGS)


if __name__ == "__main__":
    main()
