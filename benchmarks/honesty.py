"""Does the honesty loss make attention tell the truth? Skill of test T3, and accuracy, with and without it.

Data and split: sst2, 6,920 training, 872 validation and 1,821 test sentences as published, whole sentences only.

Protocol: a small model from scratch, no vectors (`SETTINGS`), once per seed and weight of `Honesty`; weight 0 is the
same training without the loss. Its target is integrated gradients of the training rows before each epoch but the first.
The validation rows choose the epoch by accuracy; test rows are answered once per run.

T3 compares the shares that attention states with absolute Shapley values of the same model, which the loss never saw,
on 512 random test sentences of four words or more, the same ones for all runs. Its skill is 0 for equal shares and 1
for the best that the error of the measurement allows; all three overlaps are means over rows, and the skill is taken of
the means. Means over seeds have Student's interval. Differences to weight 0 are paired: rows are drawn anew (2,000
bootstrap draws), and each row counts with its mean over seeds.

Runs that are recorded already are not repeated.

    python -m benchmarks.honesty
    python -m benchmarks.honesty --seeds 0 --weights 0 1
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import RESULTS, Row, commit, timed, write
from benchmarks.teaching import over_seeds

WEIGHTS = (0.0, 0.3, 1.0)
SETTINGS: dict[str, Any] = {
    "text": {},
    "model": {"width": 64, "encoder": "Convolution", "pool": "Additive", "dropout": 0.5},
    "train": {"batch_size": 32, "epochs": 6, "learning_rate": 2e-3, "weight_decay": 0.05, "patience": 0},
    "method": {"IntegratedGradients": {"steps": 8}},
    "rows": 512,
}
_PATH = RESULTS / "runs" / "honesty.jsonl"


def run(seed: int, weight: float) -> dict[str, Any]:
    """Train once and measure on the test rows; the record is added to `results/runs/honesty.jsonl`."""
    from benchmarks.text_accuracy import sides
    from salience import Pipeline
    from salience.training import Side, TrainOptions, fit

    (train, labels), validation, test = sides("sst2").values()
    pipeline = Pipeline({"text": {"Text": SETTINGS["text"]}}, "Classification", model=SETTINGS["model"])
    pipeline.learn(train, labels, seed=seed)
    loss = {"Honesty": {"weight": weight, "method": SETTINGS["method"]}} if weight else None
    told: dict[str, Any] = {}

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            fitted = fit(
                pipeline,
                Side(pipeline.encode(train), labels),
                Side(pipeline.encode(validation[0]), validation[1]),
                options=TrainOptions(**SETTINGS["train"], seed=seed, attention_loss=loss),
                folder=Path(folder),
            )
        told.update(validation=fitted.best.selected, epoch=fitted.best.number)

    took = timed(work)
    answers = [str(answer.prediction) for answer in pipeline.predict(test[0])]
    right = np.array(answers) == np.array(test[1])
    record = {
        **{"seed": seed, "weight": weight, "settings": SETTINGS, "commit": commit()},
        **told,
        "core_seconds": round(took.cpu, 1),
        "accuracy": round(float(right.mean()), 5),
        "right": np.packbits(right).tobytes().hex(),
        "rows": len(right),
        "overlaps": np.round(overlaps(pipeline, test[0]), 4).tolist(),
    }
    _PATH.parent.mkdir(parents=True, exist_ok=True)
    with _PATH.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    return record


def overlaps(pipeline: Any, texts: list[str]) -> np.ndarray:
    """Per row the overlap of stated, of equal, and of the best possible shares with the measured ones, [N, 3].

    Rows where no part matters are NaN.
    """
    from salience.evaluation.importance import Received, Shapley
    from salience.evaluation.importance.parts import parts_of, summed
    from salience.evaluation.removal import together
    from salience.evaluation.sample import draw

    rows = draw(pipeline, texts, count=SETTINGS["rows"], seed=0).rows
    stated = Received().scores(pipeline, rows)
    shapley = Shapley(seed=0)
    found = []
    for row, own, walked in zip(rows, stated, shapley.walks(pipeline, rows), strict=True):
        half = len(walked) // 2
        values = [summed(np.abs(together(own)), parts_of(row, shapley.parts))]
        values += [np.abs(each.mean(0)) for each in (walked, walked[:half], walked[half:])]
        with np.errstate(invalid="ignore"):
            mine, measured, first, second = (each / each.sum() for each in values)
        equal = np.full(len(measured), 1 / len(measured))
        found.append([_overlap(mine, measured), _overlap(equal, measured), (1 + _overlap(first, second)) / 2])
    return np.array(found)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.minimum(one, other).sum())


def records() -> list[dict[str, Any]]:
    """All runs so far with the present settings."""
    lines = _PATH.read_text(encoding="utf-8").splitlines() if _PATH.exists() else []
    return [each for each in map(json.loads, lines) if each["settings"] == SETTINGS]


def summarise() -> list[Row]:
    """T3 and accuracy at every weight, and the differences to weight 0 over the seeds that both have."""
    by_weight = {weight: {each["seed"]: each for each in records() if each["weight"] == weight} for weight in WEIGHTS}
    rows = []
    for weight, runs in by_weight.items():
        if not runs:
            continue
        numbers = {
            "T3 skill": [skill(np.nanmean(each["overlaps"], axis=0)) for each in runs.values()],
            "T3 overlap": [float(np.nanmean(each["overlaps"], axis=0)[0]) for each in runs.values()],
            "T3 overlap of equal shares": [float(np.nanmean(each["overlaps"], axis=0)[1]) for each in runs.values()],
            "accuracy": [each["accuracy"] for each in runs.values()],
            "core seconds of training": [each["core_seconds"] for each in runs.values()],
        }
        rows += [
            over_seeds(f"weight {weight:g}, {name}", [[v, None, None] for v in values])
            for name, values in numbers.items()
        ]
        both = [seed for seed in runs if weight and seed in by_weight[0.0]]
        if both:
            rows += differences(weight, [runs[seed] for seed in both], [by_weight[0.0][seed] for seed in both])
    return rows


def differences(weight: float, taught: list[dict[str, Any]], plain: list[dict[str, Any]]) -> list[Row]:
    """Skill and accuracy of taught models less those of plain ones, with intervals over rows."""
    from salience.evaluation.bootstrap import Bootstrap, mean

    numbers = np.stack([np.mean([each["overlaps"] for each in runs], axis=0) for runs in (taught, plain)], axis=1)
    # Rows that no seed leaves undefined.
    numbers = numbers[~np.isnan(numbers).any((1, 2))]

    def gained(weights: np.ndarray) -> np.ndarray:
        means = np.einsum("rn,nmk->rmk", weights, numbers) / weights.sum(1)[:, None, None]
        return skill(means[:, 0]) - skill(means[:, 1])

    right = [np.mean([_right(each) for each in runs], axis=0) for runs in (taught, plain)]
    note = f"{len(taught)} seeds, rows paired"
    rows = []
    for name, score in (
        ("T3 skill", Bootstrap(2000).estimate(gained, len(numbers))),
        ("accuracy", Bootstrap(2000).estimate(mean(right[0] - right[1]), len(right[0]))),
    ):
        what = f"weight {weight:g} less weight 0, {name}"
        rows.append(Row(what, score.value or 0.0, "", score.low, score.high, note=note))
    return rows


def skill(overlaps: np.ndarray) -> Any:
    """From mean overlaps [..., 3] of stated, equal and best possible shares: 0 is as good as equal ones, 1 the best."""
    own, equal, possible = np.moveaxis(np.asarray(overlaps, float), -1, 0)
    return (own - equal) / (possible - equal)


def _right(record: dict[str, Any]) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(record["right"]), dtype=np.uint8))
    return bits[: record["rows"]].astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--weights", nargs="+", type=float, default=list(WEIGHTS), choices=WEIGHTS)
    arguments = parser.parse_args()
    for seed in arguments.seeds:
        for weight in arguments.weights:
            if not any((each["seed"], each["weight"]) == (seed, weight) for each in records()):
                record = run(seed, weight)
                print(f"seed {seed}, weight {weight:g}: {record['core_seconds']:.0f} s of training", flush=True)
    write("honesty", summarise(), settings=SETTINGS)


if __name__ == "__main__":
    main()
