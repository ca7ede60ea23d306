"""A lag planted in a series: does the importance put its highest weight there, and does the trust report say so?

Data: 3,000 steps of two variables; y follows x nine steps before, with a tenth of noise that nothing tells. Windows of
24 steps, 48 cells (a variable at a time stamp), of which one decides the next y.

Split: by time, the first 2,200 steps train, 400 validation, the rest test; nothing is chosen on test windows.

Protocol: 15 epochs by `training.fit`, seeds 0 to 2, of three models: `cells` read by an additive pool, which sees them
as they are (bar 95 %); and two networks that carry what they have read from step to step, so that nothing makes their
attention point at the right one: `TemporalFusion` over cells, `RecurrentAttention` over time stamps. On the first 200
test windows: how often the unit with the highest received attention is the planted one. On 60 of them the verdicts of
the trust report, which draws blocks of time. Intervals over windows are 95 % bootstrap.

    python -m benchmarks.planted_series
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Row, write

if TYPE_CHECKING:
    from salience.evaluation.trust import Trust

LAG, LOOK_BACK, STEPS, COUNT, TRUSTED = 9, 24, 3000, 200, 60
SERIES: dict[str, Any] = {"time": "t", "look_back": LOOK_BACK, "variables": ["x", "y"]}
MODELS: dict[str, dict[str, Any]] = {
    "additive pool": {"width": 32, "encoder": "Identity", "pool": "Additive", "dropout": 0.0},
    "TemporalFusion": {"network": "TemporalFusion"},
    "RecurrentAttention": {"network": "RecurrentAttention"},
}


def run(model: Mapping[str, Any], seed: int) -> tuple[np.ndarray, Trust]:
    """Whether each window has its highest weight on the planted unit, and the trust report."""
    from salience.data import table as tables
    from salience.data.modalities import Series
    from salience.data.windows import runs_between, windows
    from salience.evaluation.importance import Received
    from salience.evaluation.trust import measure_trust
    from salience.pipeline import Pipeline
    from salience.run.prepare_series import time_block
    from salience.training import Side, TrainOptions, fit

    chance = np.random.default_rng(seed)
    x = chance.normal(size=STEPS)
    y = np.r_[np.zeros(LAG), x[:-LAG]] + 0.1 * chance.normal(size=STEPS)
    long = Series(**SERIES).table(tables.read([{"t": t, "x": x[t], "y": y[t]} for t in range(STEPS)]))
    borders, shape = [-np.inf, 2200, 2600, np.inf], {"look_back": LOOK_BACK, "horizon": 1}
    sides = [
        windows(long, runs_between(long, *borders[i : i + 2], reach_back=i > 0, **shape), **shape) for i in range(3)
    ]
    rows = [side.map(lambda window: {"history": window}) for side in sides]
    # A network chooses by itself what a unit is.
    series = SERIES if "network" in model else {**SERIES, "elements": "cells"}
    pipeline = Pipeline({"history": {"Series": series}}, {"Forecast": {"horizon": 1, "targets": ["y"]}}, model=model)
    pipeline.learn(rows[0], sides[0], seed=seed)
    train, held = (Side(pipeline.encode(rows[i]), sides[i]) for i in range(2))
    with tempfile.TemporaryDirectory() as folder:
        options = TrainOptions(epochs=15, batch_size=64, learning_rate=3e-3, seed=seed)
        fit(pipeline, train, held, options=options, folder=Path(folder))
    test = sides[2][:COUNT]
    tops = [max(heats, key=lambda heat: heat.score).unit.place for heats in Received()(pipeline, rows[2][:COUNT])]
    # Of a time stamp there is no variable to tell.
    right = [top.variable != "y" and top.start == window.stamps()[-LAG] for top, window in zip(tops, test, strict=True)]
    trust = measure_trust(
        pipeline,
        rows[2][:COUNT],
        targets=test,
        groups=[time_block(window) for window in test],
        count=TRUSTED,
        seed=seed,
    )
    return np.array(right, dtype=float), trust


def main() -> None:
    from salience.evaluation.bootstrap import Bootstrap, mean

    rows, runs = [], []
    for name, model in MODELS.items():
        for seed in range(3):
            right, trust = run(model, seed)
            score = Bootstrap(seed=seed).estimate(mean(right), len(right))
            rows.append(
                Row(
                    f"{name}, highest weight on the planted unit, seed {seed}",
                    100 * (score.value or 0.0),
                    "%",
                    low=None if score.low is None else 100 * score.low,
                    high=None if score.high is None else 100 * score.high,
                    bar=">= 95 %" if name == "additive pool" else None,
                    note=trust.sentence,
                )
            )
            said = {each.name: {"verdict": each.verdict, "sentence": each.sentence} for each in trust.outcomes}
            runs.append({"model": name, "seed": seed, "verdict": trust.verdict, "guards": trust.guards, "tests": said})
    write("planted_series", rows, runs=runs)


if __name__ == "__main__":
    main()
