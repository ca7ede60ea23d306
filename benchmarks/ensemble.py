"""Five seeds instead of one: accuracy, calibration, and how many of the highlights another seed would share.

Data and split: sst2, 6,920 train, 872 validation and 1,821 test sentences as published.

Protocol: the settings of `benchmarks.text_accuracy`, seeds 0 to 4, trained by `training.fit_members`. The validation
rows choose the epoch of each member and calibrate the probabilities of each member and of all together; test rows are
answered once. The mean of single members has Student's 95 % interval over seeds. What an ensemble has beyond its
members is paired: test rows are drawn anew (2,000 bootstrap draws), and each draw counts the ensemble and the mean of
its members. There is one ensemble of each size, made of the first seeds, so that its interval is over rows only.
Agreement on importance is measured on 256 test rows drawn at random, with bootstrap intervals over rows.

    python -m benchmarks.ensemble

A killed run goes on where it was, from the checkpoints in the folder that `--folder` names.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.measure import Row, write
from benchmarks.text_accuracy import SETTINGS, _mean, sides
from salience import Pipeline
from salience.evaluation.bootstrap import Bootstrap, mean
from salience.evaluation.importance import IntegratedGradients, Received
from salience.evaluation.importance.importance import Importance
from salience.evaluation.score import Score
from salience.evaluation.scores import answer_statistics
from salience.evaluation.seeds import seed_agreement
from salience.training import Side, TrainOptions, fit_members

DATASET, SEEDS = "sst2", 5
#: What is compared; less is better for the last two.
SCORES = ("accuracy", "ece", "log_loss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / f"salience-ensemble-{DATASET}")
    arguments = parser.parse_args()
    pipeline, validation, test = _trained(arguments.folder)
    rows = [*_answers(pipeline, validation, test)]
    for method in (Received(), IntegratedGradients()):
        rows += _importance(pipeline, test, method)
    write(f"ensemble_{DATASET}", rows, settings=SETTINGS[DATASET], seeds=list(range(SEEDS)))


def _trained(folder: Path) -> tuple[Pipeline, Side, Side]:
    """The ensemble, and the rows that it has not learned from."""
    settings = SETTINGS[DATASET]
    (train, labels), *others = sides(DATASET).values()
    pipeline = Pipeline(settings["inputs"], "Classification", model=settings["model"])
    pipeline.learn(train, labels, seed=0, seeds=SEEDS)
    validation, test = (Side(pipeline.encode(texts), targets) for texts, targets in others)
    fit_members(
        pipeline,
        Side(pipeline.encode(train), labels),
        validation,
        options=TrainOptions(**settings["train"], seed=0),
        folder=folder,
        resume=True,
        on_member=lambda number, options: print(f"member {number}, seed {options.seed}", flush=True),
        on_epoch=lambda epoch: print(f"  epoch {epoch.number}: {epoch.selected:.4f}", flush=True),
    )
    return pipeline, validation, test


def _answers(pipeline: Pipeline, validation: Side, test: Side) -> list[Row]:
    """Scores of single members, and of the first two, three, ... together."""
    held, seen = ([each.raw(side.examples) for each in pipeline.members] for side in (validation, test))
    count = len(test.targets)
    every = np.ones((1, count))
    alone = [_statistics(each.task, raw, test) for each, raw in zip(pipeline.members, seen, strict=True)]
    rows = [_mean(f"single members, {name}", [float(each[name](every)[0]) for each in alone], "") for name in SCORES]
    for size in range(2, SEEDS + 1):
        task: Any = deepcopy(pipeline.task)
        task.calibrate(task.average(torch.stack(held[:size])), task.encode(validation.targets))
        together = _statistics(task, task.average(torch.stack(seen[:size])), test)
        for name in SCORES:
            score = Bootstrap().estimate(together[name], count)
            beyond = Bootstrap().estimate(_difference(together[name], [each[name] for each in alone[:size]]), count)
            rows += [
                _row(f"{size} together, {name}", score),
                _row(f"{size} together beyond its members, {name}", beyond),
            ]
    return rows


def _statistics(task: Any, raw: torch.Tensor, side: Side) -> dict[str, Any]:
    return answer_statistics(task, task.probabilities(raw.double()).numpy(), task.encode(side.targets))


def _difference(together: Any, alone: Sequence[Any]) -> Any:
    return lambda weights: together(weights) - np.mean([each(weights) for each in alone], axis=0)


def _importance(pipeline: Pipeline, test: Side, method: Importance) -> list[Row]:
    """Rank agreement, and the share of parts and of strongest parts that are faint."""
    found = seed_agreement(pipeline, test.examples, method, seed=0)
    texts = [{name: example.cell for name, example in row.items()} for row in test.examples]
    heats = [each for each in method(pipeline, texts) if each]
    strongest = np.array([max(each, key=lambda heat: abs(heat.score)).faint for each in heats], dtype=float)
    faint = Bootstrap().estimate(mean(strongest), len(strongest))
    name = method.name.replace("_", " ")
    return [
        _row(f"{name}, rank agreement of seeds, Spearman", found.spearman, f"{found.num_rows} rows"),
        _row(f"{name}, rank agreement of seeds, Kendall", found.kendall, f"{found.num_rows} rows"),
        _row(f"{name}, faint parts", found.faint, f"share of the parts of a row, {found.num_rows} rows"),
        _row(f"{name}, faint strongest part", faint, f"share of {len(strongest)} rows"),
    ]


def _row(what: str, score: Score, note: str = "") -> Row:
    assert score.value is not None, score.reason
    return Row(what, score.value, "", score.low, score.high, note=note)


if __name__ == "__main__":
    main()
