"""Explain a model by several methods, and measure which of them tells the truth.

    python examples/faithfulness.py

The texts are made up, so that the right place to look is known as well: for each method the share of its importance
that lies on planted words is printed beside its skill.
"""

from __future__ import annotations

import argparse

import pandas

import salience
from salience.core.place import Span
from salience.data import planted_sentiment
from salience.evaluation import measure_faithfulness
from salience.evaluation.importance import GradientXInput, IntegratedGradients, LeaveOneOut, RandomOrder, Received

METHODS = (Received(), GradientXInput(), IntegratedGradients(), LeaveOneOut(), RandomOrder())


def compare(*, rows: int, epochs: int, count: int, out: str) -> pandas.DataFrame:
    """Skill and planted share of every method, measured on rows that training has not seen."""
    table = planted_sentiment(rows=rows)
    unseen = planted_sentiment(rows=count, seed=1)
    trained = salience.fit(
        table[["text", "label"]],
        target="label",
        model={"width": 32},
        train={"epochs": epochs, "learning_rate": 0.005},
        explain=0,
        out=out,
    )
    texts = unseen[["text"]].to_dict("records")
    lines = []
    for method in METHODS:
        proof = measure_faithfulness(trained.pipeline, texts, method, targets=list(unseen["label"]), count=count)
        lines.append(
            {
                "method": method.name,
                "verdict": proof.verdict,
                "skill": str(proof.skill),
                "on planted words": planted_share(trained, method.name, unseen),
            }
        )
    found = pandas.DataFrame(lines)
    print(found.to_string(index=False))
    return found


def planted_share(trained: salience.Run, method: str, table: pandas.DataFrame) -> float:
    """Share of the importance, without its sign, that lies on planted words."""
    total = planted = 0.0
    result = trained.explain(list(table["text"]), method=method)
    for units, scores, evidence in zip(result.units, result.importance, table["evidence"], strict=True):
        for unit, score in zip(units, scores, strict=True):
            total += abs(score)
            planted += abs(score) * (Span(unit.place.start, unit.place.stop) in evidence)
    return planted / total


def main() -> None:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=1000)
    command.add_argument("--epochs", type=int, default=8)
    command.add_argument("--count", type=int, default=128, help="rows to measure on")
    command.add_argument("--out", default="runs", help="folder for the run folder")
    words = command.parse_args()
    compare(rows=words.rows, epochs=words.epochs, count=words.count, out=words.out)


if __name__ == "__main__":
    main()
