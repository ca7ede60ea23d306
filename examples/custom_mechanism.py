"""A mechanism of your own, named by its module: sources count by how near they are to the query.

    python examples/custom_mechanism.py

A config would say `model: {pool: custom_mechanism:Nearness}`, if this file can be imported.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

import salience
from salience.attention.mechanism import Scoring
from salience.data import planted_sentiment


class Nearness(Scoring):
    r"""Scores are squared distances, negative: :math:`a_{ts} = \mathrm{softmax}_s(-e^w \|q_t - s_s\|^2)`.

    Masks, softmax, the weighted sum and the record of it are the work of `Scoring`.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.sharpness = nn.Parameter(torch.zeros(()))

    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        squares = (query[:, :, None] - source[:, None]).square().sum(dim=-1)  # [B, T, S]
        return -self.sharpness.exp() * squares


def run(*, rows: int, epochs: int, out: str) -> salience.Run:
    """Train with the mechanism as pool, and look at what it looked at."""
    # So that the name below can be imported, wherever this is started from.
    sys.path.insert(0, str(Path(__file__).parent))
    trained = salience.fit(
        planted_sentiment(rows=rows)[["text", "label"]],
        target="label",
        model={"width": 32, "pool": "custom_mechanism:Nearness"},
        train={"epochs": epochs, "learning_rate": 0.005},
        explain=64,
        name="nearness",
        out=out,
    )
    print("accuracy", trained.metrics["test"]["accuracy"]["value"])
    print(trained.predict(["the film was lovely but the street was dreadful"]).to_frame()[["text", "score"]])

    # A saved model with code of a third party is loaded only if one says that it may run.
    again = salience.load(trained.folder, allow_foreign=True)
    print(again.predict(["a lovely film"]).prediction[0])
    return trained


def main() -> None:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=1000)
    command.add_argument("--epochs", type=int, default=8)
    command.add_argument("--out", default="runs", help="folder for the run folder")
    words = command.parse_args()
    run(rows=words.rows, epochs=words.epochs, out=words.out)


if __name__ == "__main__":
    main()
