"""Training on a long table of a million rows: the peak of memory for few and for many windows.

Data: 50 series of 20,000 hours, 1,000,000 rows; the target follows its last hours and a price that is known ahead, plus
noise. Windows of 96 hours with a horizon of 24: 794,050 in train with a stride of one row. Held at once, their numbers
alone would take 794,050 x 120 rows x 4 variables x 4 bytes = 1.5 GB.

Split: by time, 80 % train, 10 % validation, 10 % test.

Protocol: DLinear reads tables, makes windows and trains one epoch by `training.fit` in a process of its own for each
stride (every row, every 100th), so that the peak is that of this training alone: the resident set, Python and libraries
included. It judges validation windows at a stride of 50 rows. What is promised is that the peak with all windows is at
most that with a hundredth of them and 8 bytes per window for their order.

    python -m benchmarks.series_memory
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Row, timed, write

SERIES, HOURS, LOOK_BACK, HORIZON = 50, 20_000, 96, 24
BAR_GB = 24.0


def table() -> Any:
    """The rows as a frame."""
    import pandas as pd

    chance = np.random.default_rng(0)
    frames = []
    for number in range(SERIES):
        price = chance.integers(1, 5, HOURS).astype(float)
        wave = 5 * np.sin(np.arange(HOURS) * 2 * np.pi / 24 + number)
        sold = 20 + number + wave - 2 * price + chance.normal(size=HOURS)
        frames.append(pd.DataFrame({"shop": f"shop {number}", "hour": np.arange(HOURS), "price": price, "sold": sold}))
    return pd.concat(frames, ignore_index=True)


def train(stride: int) -> dict[str, float]:
    """One epoch; windows, seconds and the peak of memory in bytes."""
    from salience.data import table as tables
    from salience.data.modalities import Series
    from salience.data.windows import runs_between, windows
    from salience.pipeline import Pipeline
    from salience.training import Side, TrainOptions, fit

    options = {"time": "hour", "series": "shop", "known": ["price"], "look_back": LOOK_BACK}
    long = Series(**options).table(tables.read(table()))
    borders = [-np.inf, 0.8 * HOURS, 0.9 * HOURS]
    shape = {"look_back": LOOK_BACK, "horizon": HORIZON}
    learned, held = (
        windows(long, runs_between(long, *borders[i : i + 2], reach_back=i > 0, **shape), stride=step, **shape)
        for i, step in enumerate((stride, 50))
    )
    pipeline = Pipeline(
        {"history": {"Series": options}}, {"Forecast": {"horizon": HORIZON}}, model={"network": "DLinear"}
    )
    rows = [each.map(lambda window: {"history": window}) for each in (learned, held)]
    pipeline.learn(rows[0], learned)
    with tempfile.TemporaryDirectory() as folder:
        took = timed(
            lambda: fit(
                pipeline,
                Side(pipeline.encode(rows[0]), learned),
                Side(pipeline.encode(rows[1]), held),
                options=TrainOptions(epochs=1, batch_size=1024, drop_units=0.0),
                folder=Path(folder),
            )
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"windows": float(len(learned)), "seconds": took.wall, "cpu": took.cpu, "peak": float(peak)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stride", type=int, help="train once in this process, and print JSON")
    arguments = parser.parse_args()
    if arguments.stride:
        print(json.dumps(train(arguments.stride)))
        return
    command = [sys.executable, "-m", "benchmarks.series_memory", "--stride"]
    found = {
        stride: json.loads(
            subprocess.run([*command, str(stride)], check=True, capture_output=True).stdout.splitlines()[-1]
        )
        for stride in (100, 1)
    }
    rows = [
        Row(
            f"peak memory, {each['windows']:,.0f} windows",
            each["peak"] / 1e9,
            "GB",
            bar=f"<= {BAR_GB:g} GB",
            note=f"one epoch took {each['cpu']:.0f} s of CPU time",
        )
        for each in found.values()
    ]
    few, many = found[100], found[1]
    more = (many["peak"] - few["peak"]) / (many["windows"] - few["windows"])
    rows.append(Row("memory of one more window", more, "bytes", bar="<= 8 bytes, and what the allocator keeps"))
    write("series_memory", rows)


if __name__ == "__main__":
    main()
