"""Will a stock go up tomorrow? Recurrent networks with and without attention, beside rules that learn nothing.

Data and split: ACL18 (prices of StockNet) as Feng et al. 2019 cut and labelled it: 87 stocks, 11 features of the five
days before; 20,315 rows of 398 days to learn from, 2,555 of 42 days to choose by, and 3,720 of 64 days to judge by.

Two protocols, both with 4 units, batches of 1,024 and a learning rate of 1e-2; the epoch is chosen by accuracy on the
validation rows, and the test rows are answered once. The usual one of this house: cross-entropy, AdamW with weight
decay on every matrix, a cosine over 40 epochs, adversarial training from scratch. That of Feng et al.: hinge loss, Adam
with an L2 penalty of 1 on the last layer alone, a constant rate over 150 epochs, attention and last state side by side,
and adversarial training that starts from the trained model of the same seed. (A head of two numbers, of which the
difference counts, has half the penalty of their single one, so that 2 stands below.) Nothing was tuned, in either.
What still differs from Feng et al.: features are standardised by the training rows, and one linear layer without tanh
leads from the 11 features to the 4 units.

Ten seeds of each model. Accuracy and Matthews' correlation are means over seeds, with intervals over *days* (2,000
bootstrap draws of whole days), because the stocks of one day move together. `sign of the 15-day mean` says up where the
close lies below its mean of 15 days; it is the best rule of one feature on the training rows.

    python -m benchmarks.movement --seeds 10
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import RESULTS, Row, commit, timed, write
from benchmarks.stocknet import FEATURES, Movements, read

LAG = 5
_SERIES = {"time": "date", "series": "stock", "look_back": LAG, "variables": list(FEATURES)}
_LSTM = {"width": 4, "encoder": {"Recurrent": {"directions": 1}}, "dropout": 0.0}
_TRAIN = {
    "epochs": 40,
    "batch_size": 1024,
    "learning_rate": 1e-2,
    "weight_decay": 0.1,
    "patience": 0,
    "drop_units": 0.0,
}
_THEIR_TRAIN = {
    "epochs": 150,
    "batch_size": 1024,
    "learning_rate": 1e-2,
    "weight_decay": 0.0,
    "head_penalty": 2.0,
    "schedule": "Constant",
    "clip": 0.0,
    "patience": 0,
    "drop_units": 0.0,
}
_ADVERSARIAL = {"epsilon": 0.05, "weight": 0.01, "at": "pooled"}
_HINGE = {"Classification": {"hinge": True}}
_SIDE_BY_SIDE = {"WithLast": {"mix": False}}
MODELS: dict[str, dict[str, Any]] = {
    "LSTM": {"model": {**_LSTM, "pool": "Last"}, "train": _TRAIN},
    "ALSTM": {"model": {**_LSTM, "pool": "WithLast"}, "train": _TRAIN},
    "adversarial ALSTM": {
        "model": {**_LSTM, "pool": "WithLast"},
        "train": {**_TRAIN, "adversarial": _ADVERSARIAL},
    },
    "LSTM, their protocol": {"task": _HINGE, "model": {**_LSTM, "pool": "Last"}, "train": _THEIR_TRAIN},
    "ALSTM, their protocol": {"task": _HINGE, "model": {**_LSTM, "pool": _SIDE_BY_SIDE}, "train": _THEIR_TRAIN},
    "adversarial ALSTM, their protocol": {
        "task": _HINGE,
        "model": {**_LSTM, "pool": _SIDE_BY_SIDE},
        "train": {**_THEIR_TRAIN, "adversarial": _ADVERSARIAL},
        "start": "ALSTM, their protocol",
    },
}
PUBLISHED = {
    "LSTM": "accuracy 53.18, MCC .0674",
    "ALSTM": "accuracy 54.90, MCC .1043",
    "adversarial ALSTM": "accuracy 57.20, MCC .1483",
}
_OF = {name: name.removesuffix(", their protocol") for name in MODELS}
RUNS = RESULTS / "runs" / "movement.jsonl"


def run(name: str, seed: int, sides: dict[str, Movements], trained: dict[str, Any]) -> dict[str, Any]:
    """Train one model once, and answer the test rows; `trained` are the pipelines of this seed, to start from."""
    from salience import Pipeline
    from salience.training import Side, TrainOptions, fit

    settings = MODELS[name]
    start = settings.get("start")
    if start and start not in trained:
        run(start, seed, sides, trained)
    task = settings.get("task", "Classification")
    rows = {side: [{"prices": window} for window in each.windows] for side, each in sides.items()}
    if start:
        pipeline = trained.pop(start)
    else:
        pipeline = Pipeline({"prices": {"Series": _SERIES}}, task, model=settings["model"])
        pipeline.learn(rows["train"], sides["train"].up, seed=seed)
    told: dict[str, Any] = {}

    def work() -> None:
        train, validation = (
            Side(list(pipeline.encode(rows[each])), sides[each].up) for each in ("train", "validation")
        )
        with tempfile.TemporaryDirectory() as folder:
            options = TrainOptions(**settings["train"], seed=seed)
            told["fitted"] = fit(pipeline, train, validation, options=options, folder=Path(folder))

    time = timed(work)
    trained[name] = pipeline
    answers = pipeline.answers(list(pipeline.encode(rows["test"])))
    says_up = np.array([answer.prediction == "up" for answer in answers])
    return {
        "model": name,
        "seed": seed,
        "settings": settings,
        "commit": commit(),
        "epoch": told["fitted"].best.number,
        "validation": told["fitted"].best.scores["accuracy"],
        "core_seconds": round(time.cpu, 1),
        "rows": len(says_up),
        "up": np.packbits(says_up).tobytes().hex(),
    }


def rules(sides: dict[str, Movements]) -> dict[str, np.ndarray]:
    """What models are compared with: which test rows each rule says will go up."""
    test = sides["test"].windows
    gap = np.array([window.past[-1, FEATURES.index("15-day mean")] for window in test])
    return {"always up": np.ones(len(test), bool), "sign of the 15-day mean": gap > 0}


def judge(says_up: list[np.ndarray], test: Movements) -> list[tuple[str, Any]]:
    """Accuracy and correlation, as means over seeds, with intervals over days."""
    from salience.evaluation import Bootstrap
    from salience.evaluation.bootstrap import mean

    truth = np.array([up == "up" for up in test.up])
    bootstrap = Bootstrap(2000, 0, test.days)
    right = np.mean([each == truth for each in says_up], axis=0)
    counted = np.stack(
        [np.stack([each & truth, each & ~truth, ~each & truth, ~each & ~truth], 1) for each in says_up], 1
    )

    def correlation(weights: np.ndarray) -> np.ndarray:
        hit, false, missed, rest = np.moveaxis(np.einsum("rn,nsk->rsk", weights, counted.astype(float)), -1, 0)
        spread = np.sqrt((hit + false) * (hit + missed) * (rest + false) * (rest + missed))
        return ((hit * rest - false * missed) / np.maximum(spread, 1)).mean(1)

    count = len(truth)
    return [
        ("accuracy", bootstrap.estimate(mean(right), count)),
        ("MCC", bootstrap.estimate(correlation, count)),
    ]


def records() -> list[dict[str, Any]]:
    """All runs so far with the present settings."""
    lines = RUNS.read_text(encoding="utf-8").splitlines() if RUNS.exists() else []
    known = [each for each in map(json.loads, lines) if each["settings"] == MODELS.get(each["model"])]
    return list({(each["model"], each["seed"]): each for each in known}.values())


def summarise(sides: dict[str, Movements]) -> list[Row]:
    """One pair of rows for each rule and model, and for what each model gains over the one before it."""
    test, known = sides["test"], records()
    truth = np.array([up == "up" for up in test.up])
    said = {name: [up] for name, up in rules(sides).items()}
    said |= {name: [_bits(each) for each in known if each["model"] == name] for name in MODELS}
    rows = []
    for name, each in said.items():
        if each:
            note = f"published: {PUBLISHED[_OF[name]]}" if name in MODELS else ""
            found = judge(each, test)
            right = [100 * np.mean(up == truth) for up in each]
            told = f"{len(each)} seeds, their accuracy {min(right):.1f} to {max(right):.1f} %" if name in MODELS else ""
            rows += [
                Row(
                    f"{name}, {what}",
                    score.value,
                    "",
                    score.low,
                    score.high,
                    note="; ".join(filter(None, (told, note))),
                )
                for what, score in found
            ]
    return rows + _gains(said, test)


def _gains(said: dict[str, list[np.ndarray]], test: Movements) -> list[Row]:
    from salience.evaluation import Bootstrap
    from salience.evaluation.bootstrap import mean

    truth = np.array([up == "up" for up in test.up])
    right = {name: np.mean([up == truth for up in each], axis=0) for name, each in said.items() if each}
    pairs = [(name, other) for name in MODELS for other in ("always up", "sign of the 15-day mean") if name in right]
    pairs += [(b, a) for a, b in zip(MODELS, list(MODELS)[1:], strict=False) if _is_step(a, b) and {a, b} <= set(right)]
    pairs += [(name, of) for name, of in _OF.items() if name != of and {name, of} <= set(right)]
    rows = []
    for name, other in pairs:
        score = Bootstrap(2000, 0, test.days).estimate(mean(right[name] - right[other]), len(truth))
        inside = score.low is not None and score.low <= 0 <= score.high
        note = "inside the noise" if inside else "outside the noise"
        rows.append(Row(f"{name} less {other}, accuracy", score.value, "", score.low, score.high, note=note))
    return rows


def _is_step(name: str, other: str) -> bool:
    """Whether both have been trained by the same protocol."""
    return (name == _OF[name]) == (other == _OF[other])


def _bits(record: dict[str, Any]) -> np.ndarray:
    return np.unpackbits(np.frombuffer(bytes.fromhex(record["up"]), dtype=np.uint8))[: record["rows"]].astype(bool)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    chosen = parser.parse_args()
    from salience.data.modalities import Series

    sides = read(Series(**_SERIES), lag=LAG)
    for seed in range(chosen.seeds):
        trained: dict[str, Any] = {}
        for name in MODELS:
            if not any((each["model"], each["seed"]) == (name, seed) for each in records()):
                record = run(name, seed, sides, trained)
                RUNS.parent.mkdir(parents=True, exist_ok=True)
                with RUNS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
                print(
                    name, seed, f"validation {record['validation']:.4f}", f"{record['core_seconds']:.0f} s", flush=True
                )
    write("movement", summarise(sides), settings=MODELS, published=PUBLISHED, seeds=chosen.seeds)


if __name__ == "__main__":
    main()
