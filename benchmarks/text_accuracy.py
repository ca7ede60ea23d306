"""Accuracy on public text data sets, beside linear models on the same rows.

Data and split:
    imdb: 25,000 train and 25,000 test reviews as published; a tenth of train, by a hash of the text, is validation.
    sst2: 6,920 train, 872 validation and 1,821 test sentences as published; training on whole sentences only.
    chnsenticorp-htl, waimai-10k: 80, 10 and 10 % by a hash of the text, equal texts on one side.

Protocol: `Pipeline` and `training.fit` with the SETTINGS below, once per seed. The validation rows choose the epoch;
test rows are answered once per run. The interval of a mean over seeds is Student's, 95 %. The difference to the best
linear model is paired: rows are drawn anew (2,000 bootstrap draws) and each row counts with its mean over seeds.

    python -m benchmarks.text_accuracy sst2 --seeds 0 1 2
    python -m benchmarks.text_accuracy sst2 --seeds 0 --set model.width=64 train.epochs=3
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import linear
from benchmarks.measure import RESULTS, Row, commit, show, timed, write

_CHINESE = {
    "inputs": {"text": {"Text": {"tokens": "Word", "pairs": 2**16}}},
    "model": {"width": 96, "encoder": "Convolution", "pool": "Additive", "dropout": 0.5},
    "train": {"batch_size": 64, "epochs": 5, "learning_rate": 3e-3, "weight_decay": 0.1, "drop_units": 0.3},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "imdb": {
        "inputs": {"text": {"Text": {"max_tokens": 800, "pairs": 2**18}}},
        "model": {"width": 96, "encoder": "Convolution", "pool": "Additive", "dropout": 0.6},
        "train": {"batch_size": 64, "epochs": 4, "learning_rate": 3e-3, "weight_decay": 0.1, "drop_units": 0.5},
    },
    "sst2": {
        "inputs": {"text": {"Text": {}}},
        "model": {"width": 200, "encoder": "Convolution", "pool": "Additive", "dropout": 0.3},
        "train": {"batch_size": 32, "epochs": 8, "learning_rate": 1e-3, "drop_units": 0.1, "patience": 0},
    },
    "chnsenticorp-htl": _CHINESE,
    "waimai-10k": _CHINESE,
}
CHINESE = ("chnsenticorp-htl", "waimai-10k")
MODEL = "salience"

Side = tuple[list[str], list[str]]


def run(dataset: str, seed: int, *, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Train once and answer the test rows; the record is also added to `results/runs/<dataset>.jsonl`."""
    import salience
    from salience.training import Side as Rows
    from salience.training import TrainOptions, fit

    settings = settings or SETTINGS[dataset]
    (train, labels), validation, test = sides(dataset).values()
    predicted: list[str] = []
    found: dict[str, Any] = {}

    def work() -> None:
        pipeline = salience.Pipeline(settings["inputs"], "Classification", model=settings["model"])
        pipeline.learn(train, labels, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            fitted = fit(
                pipeline,
                Rows(pipeline.encode(train), labels),
                Rows(pipeline.encode(validation[0]), validation[1]),
                options=TrainOptions(**settings["train"], seed=seed),
                folder=Path(folder),
                on_epoch=lambda epoch: print(f"  epoch {epoch.number}: {epoch.selected:.4f}", flush=True),
            )
        found.update(validation=fitted.best.selected, epoch=fitted.best.number)
        predicted.extend(str(answer.prediction) for answer in pipeline.predict(test[0]))

    took = timed(work)
    found |= {"core_minutes": took.cpu / 60, "minutes": took.wall / 60}
    return _keep(dataset, {"model": MODEL, "seed": seed, "settings": settings, **found}, predicted, test[1])


def sides(dataset: str) -> dict[str, Side]:
    """The texts and labels of train, validation and test."""
    from salience.data import sets, table
    from salience.data.infer import infer
    from salience.data.split import split
    from salience.data.splitters import SIDES, ByColumn, ByHash

    frame = table.read(sets.rows(dataset).fillna({"text": ""}))
    inference = infer(frame, target="label", inputs=["text"], task="Classification")
    divided = split(frame, inference, by=ByColumn("split") if "split" in frame else ByHash())
    parts = {name: frame.iloc[getattr(divided, name)] for name in SIDES}
    return {name: (part["text"].tolist(), part["label"].tolist()) for name, part in parts.items()}


def baselines(dataset: str) -> None:
    """Add the majority class and the linear models to the records, if they are not there yet."""
    if any(each["model"] != MODEL for each in records(dataset)):
        return
    divided = sides(dataset)
    test = divided["test"][1]
    most = Counter(divided["train"][1]).most_common(1)[0][0]
    _keep(dataset, {"model": "majority class"}, [most] * len(test), test)
    for name, chosen, predicted in linear.predictions(divided, chinese=dataset in CHINESE):
        _keep(dataset, {"model": name, "chosen": chosen}, predicted, test)


def records(dataset: str) -> list[dict[str, Any]]:
    """All runs so far, one per line of the file."""
    path = RESULTS / "runs" / f"{dataset}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def summarise(dataset: str, settings: dict[str, Any] | None = None) -> list[Row]:
    """Means over the seeds that ran with these settings, the linear models, and the difference to the best of them."""
    settings = settings or SETTINGS[dataset]
    known = records(dataset)
    ours = {each["seed"]: each for each in known if each["model"] == MODEL and each["settings"] == settings}
    others = {each["model"]: each for each in known if each["model"] != MODEL}
    rows = []
    for name, unit in (("accuracy", ""), ("macro_f1", ""), ("validation", ""), ("core_minutes", "min")):
        if ours:
            rows.append(_mean(f"{MODEL}, {name}", [each[name] for each in ours.values()], unit))
    for name, each in others.items():
        rows += [
            Row(f"{name}, {score}", each[score], "", note=each.get("chosen", "")) for score in ("accuracy", "macro_f1")
        ]
    linears = [each for name, each in others.items() if name.startswith("TF-IDF")]
    if ours and linears:
        rows.append(_difference(list(ours.values()), max(linears, key=lambda each: each["accuracy"])))
    return rows


def _keep(dataset: str, facts: dict[str, Any], predicted: Sequence[str], actual: Sequence[str]) -> dict[str, Any]:
    """Score predictions and add the record to the file at once, so that nothing is lost if a later run is killed."""
    from sklearn.metrics import f1_score

    right = np.array(predicted) == np.array(actual)
    record = {
        **facts,
        "commit": commit(),
        "accuracy": float(right.mean()),
        "macro_f1": float(f1_score(actual, predicted, average="macro")),
        "rows": len(right),
        "right": np.packbits(right).tobytes().hex(),
    }
    path = RESULTS / "runs" / f"{dataset}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
    print({name: value for name, value in record.items() if name not in ("right", "settings")}, flush=True)
    return record


def _right(record: dict[str, Any]) -> np.ndarray:
    """Which test rows were answered rightly."""
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(record["right"]), dtype=np.uint8))
    return bits[: record["rows"]].astype(float)


def _mean(what: str, values: list[float], unit: str) -> Row:
    from scipy.stats import t

    mean, note = statistics.fmean(values), f"mean over {len(values)} seeds"
    if len(values) == 1:
        return Row(what, mean, unit, note=note)
    half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    return Row(what, mean, unit, mean - half, mean + half, note=note)


def _difference(ours: list[dict[str, Any]], other: dict[str, Any]) -> Row:
    from salience.evaluation.bootstrap import Bootstrap, mean

    each = np.mean([_right(record) for record in ours], axis=0) - _right(other)
    score = Bootstrap(draws=2000).estimate(mean(each), len(each))
    assert score.value is not None
    return Row("accuracy beyond the best linear model", score.value, "", score.low, score.high, "> 0", other["model"])


def main() -> None:
    from salience.core import config

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=sorted(SETTINGS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="key=value", help="other settings: shown, not published"
    )
    arguments = parser.parse_args()
    settings = config.override(SETTINGS[arguments.dataset], arguments.set)
    baselines(arguments.dataset)
    for seed in arguments.seeds:
        run(arguments.dataset, seed, settings=settings)
        rows = summarise(arguments.dataset, settings)
        if arguments.set:
            show(rows)
        else:
            write(f"text_accuracy_{arguments.dataset}", rows)


if __name__ == "__main__":
    main()
