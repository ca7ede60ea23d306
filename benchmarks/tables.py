"""How well do models of tables answer, beside gradient-boosted trees and a linear model, on the same columns?

Data: tables that come with scikit-learn: breast_cancer (569 rows, 30 columns, 2 classes), wine (178, 13, 3 classes),
digits (1,797, 64, 10 classes) and diabetes (442, 10, a number). For each of 5 seeds: 60 % train, 20 % validation, 20 %
test, drawn by the seed (classes in equal shares). Models: the usual one for tables (`TABLE_MODEL`, `TABLE_TRAIN`; on
digits at most 15 epochs), and the same with sparse selection in steps (TabNet) in place of attention; the epoch that is
best on validation is kept, and judged on test once. Trees and linear model: those that every run prints
(`table_answers`), on train rows, with the options of scikit-learn; no option of anything was tuned.

Scores: accuracy, R2 for diabetes. Intervals: Student's t over seeds (95 %); differences are paired by seed.

    python -m benchmarks.tables
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student
from sklearn import datasets
from sklearn.model_selection import train_test_split

from benchmarks.measure import Row, stopwatch, write
from salience.evaluation import task_scores
from salience.evaluation.baselines import baselines
from salience.pipeline import Pipeline
from salience.run.settings import TABLE_MODEL, TABLE_TRAIN
from salience.training import Side, TrainOptions, fit

MODELS = {"attention over columns": TABLE_MODEL, "sparse selection": {**TABLE_MODEL, "encoder": "TabNet"}}
TREES, LINEAR = "gradient-boosted trees", "linear model"
SETS = {
    "breast_cancer": (datasets.load_breast_cancer, "Classification", 50),
    "wine": (datasets.load_wine, "Classification", 50),
    "digits": (datasets.load_digits, "Classification", 15),
    "diabetes": (datasets.load_diabetes, "Regression", 50),
}


@dataclass(frozen=True)
class Table:
    """Rows and targets, and what is asked."""

    name: str
    rows: list[dict[str, float]]
    targets: list[Any]
    task: str
    epochs: int

    @property
    def score(self) -> str:
        return "r2" if self.task == "Regression" else "accuracy"


def table(name: str) -> Table:
    """A table of scikit-learn."""
    load, task, epochs = SETS[name]
    found = load(as_frame=True)
    targets = found.target.astype(float) if task == "Regression" else found.target.map(lambda label: f"class {label}")
    return Table(name, found.data.to_dict("records"), list(targets), task, epochs)


def sides(data: Table, seed: int) -> list[list[int]]:
    """Rows to learn from, to choose by and to judge by."""
    strata = data.targets if data.task == "Classification" else None
    seen, test = train_test_split(range(len(data.rows)), test_size=0.2, random_state=seed, stratify=strata)
    strata = [data.targets[i] for i in seen] if strata else None
    return [*train_test_split(seen, test_size=0.25, random_state=seed, stratify=strata), test]


def one(data: Table, seed: int) -> dict[str, float]:
    """The score of every model on the test rows of one seed, and the CPU seconds that ours took."""
    parts = [([data.rows[i] for i in index], [data.targets[i] for i in index]) for index in sides(data, seed)]
    (rows, targets), (held, answers), (test, truth) = parts
    found: dict[str, float] = {}
    for name, model in MODELS.items():
        stop = stopwatch()
        choice = {"table": {"Table": {"columns": dict.fromkeys(data.rows[0], "numeric")}}}
        pipeline = Pipeline(choice, data.task, model=model).learn(rows, targets, seed=seed)
        options = TrainOptions(**{**TABLE_TRAIN, "epochs": data.epochs, "seed": seed})
        with tempfile.TemporaryDirectory() as folder:
            both = Side(pipeline.encode(rows), targets), Side(pipeline.encode(held), answers)
            fit(pipeline, *both, options=options, folder=Path(folder))
        found[f"{name}, seconds"] = stop().cpu
        raw = pipeline.raw(pipeline.encode(test))
        found[name] = task_scores(pipeline.task, raw, pipeline.task.encode(truth), draws=0)[data.score].value or 0.0
    tables = list(pipeline.modalities.values())
    beside = baselines(rows, targets, test, truth, task=pipeline.task, draws=0, seed=seed, tables=tables)
    return found | {name: scores[data.score].value or 0.0 for name, scores in beside.items()}


def row(what: str, values: Sequence[float], unit: str, note: str = "") -> Row:
    """The mean over seeds with its interval."""
    mean, count = statistics.fmean(values), len(values)
    reach = student.ppf(0.975, count - 1) * statistics.stdev(values) / count**0.5 if count > 1 else float("nan")
    return Row(what, mean, unit, mean - reach, mean + reach, note="; ".join(filter(None, (f"{count} seeds", note))))


def rows_of(data: Table, found: Sequence[dict[str, float]]) -> list[Row]:
    """Scores of all models, and the differences to the trees."""
    names = [*MODELS, TREES, LINEAR]
    made = [row(f"{data.name}: {name}", [each[name] for each in found], data.score) for name in names]
    for name in MODELS:
        apart = [each[name] - each[TREES] for each in found]
        seconds = np.mean([each[f"{name}, seconds"] for each in found])
        made.append(row(f"{data.name}: {name} minus trees", apart, data.score, f"{seconds:.0f} s CPU to train"))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    chosen = parser.parse_args()
    rows, every = [], {}
    for name in SETS:
        data = table(name)
        found = []
        for seed in chosen.seeds:
            found.append(one(data, seed))
            print(name, seed, {key: round(value, 3) for key, value in found[-1].items()}, flush=True)
        rows += rows_of(data, found)
        every[name] = found
    write("tables", rows, runs=every)


if __name__ == "__main__":
    main()
