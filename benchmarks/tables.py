"""How well do models of tables answer, beside gradient-boosted trees and a linear model, on the same columns?

Data: tables that come with scikit-learn: breast_cancer (569 rows, 30 columns, 2 classes), wine (178, 13, 3 classes),
digits (1,797, 64, 10 classes) and diabetes (442, 10, a number). For each of 5 seeds: 60 % train, 20 % validation, 20 %
test, drawn by the seed (classes in equal shares). Models: those of `planted_table.MODELS`, the usual one first, trained
by `TABLE_TRAIN` (on digits at most 15 epochs); the epoch that is best on validation is kept, and judged on test once.
Trees and linear model: those that every run prints (`table_answers`), on train rows, with the options of scikit-learn.

The usual model was chosen among several by the planted tables and by validation rows. Validation scores stand in the
results beside the test scores; they are scores of the epoch that they chose.

Scores: accuracy, R2 for diabetes; and its mean and root mean square error. Intervals: Student's t over seeds (95 %);
differences are paired by seed.

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
from benchmarks.planted_table import MODELS
from salience.evaluation import task_scores
from salience.evaluation.baselines import baselines
from salience.pipeline import Pipeline
from salience.run.settings import TABLE_TRAIN
from salience.training import Side, TrainOptions, fit

USUAL = "columns as they stand"
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
    def scores(self) -> tuple[str, ...]:
        """What is told, the first one in full."""
        return ("r2", "mae", "rmse") if self.task == "Regression" else ("accuracy",)


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
        for side, (cells, actual) in (("", parts[2]), (", validation", parts[1])):
            raw = pipeline.raw(pipeline.encode(cells))
            scores = task_scores(pipeline.task, raw, pipeline.task.encode(actual), draws=0)
            found |= {f"{name}{side}{_of(score)}": scores[score].value or 0.0 for score in data.scores}
    tables = list(pipeline.modalities.values())
    beside = baselines(rows, targets, test, truth, task=pipeline.task, draws=0, seed=seed, tables=tables)
    return found | {
        f"{name}{_of(score)}": scores[score].value or 0.0 for name, scores in beside.items() for score in data.scores
    }


def _of(score: str) -> str:
    """What stands behind the name of a model for each score but the first."""
    return "" if score in ("accuracy", "r2") else f", {score}"


def row(what: str, values: Sequence[float], unit: str, note: str = "") -> Row:
    """The mean over seeds with its interval."""
    mean, count = statistics.fmean(values), len(values)
    reach = student.ppf(0.975, count - 1) * statistics.stdev(values) / count**0.5 if count > 1 else float("nan")
    return Row(what, mean, unit, mean - reach, mean + reach, note="; ".join(filter(None, (f"{count} seeds", note))))


def rows_of(data: Table, found: Sequence[dict[str, float]]) -> list[Row]:
    """Scores of all models, and the differences to the trees and to the usual model."""
    made = []
    for name in (*MODELS, *(f"{name}, validation" for name in MODELS), TREES, LINEAR):
        made += [
            row(f"{data.name}: {name}{_of(score)}", [each[f"{name}{_of(score)}"] for each in found], score)
            for score in (data.scores[:1] if name.endswith("validation") else data.scores)
        ]
    for name in MODELS:
        apart = [each[name] - each[TREES] for each in found]
        seconds = np.mean([each[f"{name}, seconds"] for each in found])
        made.append(row(f"{data.name}: {name} minus trees", apart, data.scores[0], f"{seconds:.0f} s CPU to train"))
    for side in ("", ", validation"):
        for name in MODELS:
            if name != USUAL:
                apart = [each[f"{USUAL}{side}"] - each[f"{name}{side}"] for each in found]
                made.append(row(f"{data.name}: {USUAL} minus {name}{side}", apart, data.scores[0]))
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
