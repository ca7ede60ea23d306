"""Does importance fall on the columns of a table that tell the answer, and does the trust report say so?

Data, each side of each seed drawn by itself: `one`, `planted_table` with 1,200 training rows, where one of twelve
columns tells the label; and `pair`, `planted_pair` with 2,000, where two of thirteen tell it together and neither does
alone. 200 validation and 200 unseen rows each. Models: those of `MODELS`, trained as a run on a table is
(`TABLE_TRAIN`); the epoch that is best on validation is kept. 3 seeds.

A hit is an unseen row whose highest importances, as many as there are planted columns, lie on these; its interval is
exact (Clopper-Pearson, 95 %) over the rows of one seed. A random importance hits 1 row in 12, or in 78. Importance is
the attention received from the pool, and beside it rollout, which follows attention through all layers. The trust
report is that of received attention on the same rows.

    python -m benchmarks.planted_table
    python -m benchmarks.planted_table --data one --seeds 0
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import Row, write
from benchmarks.planted.trial import interval
from salience.core.place import Heat
from salience.data.synthetic_table import planted_pair, planted_table
from salience.evaluation.importance import Received, Rollout
from salience.evaluation.trust import Trust, measure_trust
from salience.pipeline import Pipeline
from salience.run.settings import MIXED_COLUMNS, TABLE_MODEL, TABLE_TRAIN
from salience.training import Side, TrainOptions, fit

MODELS: Mapping[str, Mapping[str, Any]] = {
    "columns as they stand": TABLE_MODEL,
    "attention over columns": {**TABLE_MODEL, "encoder": MIXED_COLUMNS, "pool": "Additive"},
    "sparse selection": {**TABLE_MODEL, "encoder": "TabNet", "pool": "Additive"},
}
UNSEEN = 200


@dataclass(frozen=True)
class Planted:
    """A table whose answer is known: how its rows are made, how many to learn from, and what is planted."""

    make: Callable[..., pd.DataFrame]
    train: int
    columns: frozenset[str]

    def rows(self, count: int, seed: int) -> tuple[list[dict[str, Any]], list[str]]:
        """Input cells and labels."""
        made = self.make(rows=count, seed=seed)
        return made.drop(columns=["label", "evidence"]).to_dict("records"), list(made["label"])

    def is_hit(self, row: list[Heat]) -> bool:
        """Whether the highest importances of a row lie on the planted columns."""
        highest = sorted(row, key=lambda heat: -heat.score)[: len(self.columns)]
        return {heat.unit.column for heat in highest} == self.columns

    def weight(self, row: list[Heat]) -> float:
        """The share of importance that the planted columns have."""
        return sum(heat.score for heat in row if heat.unit.column in self.columns)


DATA = {
    "one": Planted(lambda **options: planted_table(column="dose", **options), 1200, frozenset({"dose"})),
    "pair": Planted(planted_pair, 2000, frozenset({"dose", "response"})),
}


def trained(model: Mapping[str, Any], data: Planted, seed: int) -> Pipeline:
    """A model that has learned from rows of its own."""
    rows, labels = data.rows(data.train, 3 * seed)
    choice = {"table": {"Table": {"columns": list(rows[0])}}}
    pipeline = Pipeline(choice, "Classification", model=model).learn(rows, labels, seed=seed)
    held, answers = data.rows(UNSEEN, 3 * seed + 1)
    sides = Side(pipeline.encode(rows), labels), Side(pipeline.encode(held), answers)
    with tempfile.TemporaryDirectory() as folder:
        fit(pipeline, *sides, options=TrainOptions(**TABLE_TRAIN, seed=seed), folder=Path(folder))
    return pipeline


def measured(what: str, pipeline: Pipeline, data: Planted, seed: int) -> tuple[list[Row], Trust]:
    """Accuracy and hits on unseen rows, and the trust report."""
    rows, labels = data.rows(UNSEEN, 3 * seed + 2)
    right = sum(answer.prediction == label for answer, label in zip(pipeline.predict(rows), labels, strict=True))
    heats, flowed = Received()(pipeline, rows), Rollout()(pipeline, rows)
    trust = measure_trust(pipeline, rows, targets=labels, count=UNSEEN, seed=seed, draws=1000)
    hits = sum(map(data.is_hit, heats))
    through = sum(map(data.is_hit, flowed))
    found = [
        Row(f"{what}: accuracy", right / UNSEEN, "of 200 rows", *interval(right)),
        Row(f"{what}: highest on what is planted", hits / UNSEEN, "of 200 rows", *interval(hits), ">= 0.95"),
        Row(f"{what}: the same by rollout", through / UNSEEN, "of 200 rows", *interval(through)),
        Row(f"{what}: mean weight of what is planted", float(np.mean([*map(data.weight, heats)])), "share"),
    ]
    for test, name in (("right_parts", "T2"), ("honest", "T3")):
        outcome = trust.of(test)
        skill = outcome.statistics["skill"]
        found.append(
            Row(f"{what}: skill of {name}", skill.value or 0.0, "", skill.low, skill.high, note=outcome.verdict)
        )
    return found, trust


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    chosen = parser.parse_args()
    rows, verdicts = [], []
    for kind in chosen.data:
        for name, model in MODELS.items():
            for seed in chosen.seeds:
                what = f"{kind}, {name}, seed {seed}"
                found, trust = measured(what, trained(model, DATA[kind], seed), DATA[kind], seed)
                rows += found
                told = {each.name: f"{each.verdict}: {each.sentence}" for each in trust.outcomes}
                verdicts.append({"what": what, "verdict": trust.verdict, "sentence": trust.sentence, "tests": told})
                print(f"{what}: {found[1].value:.3f} hit; {trust.verdict}: {trust.sentence}", flush=True)
    write("planted_table", rows, trust=verdicts)


if __name__ == "__main__":
    main()
