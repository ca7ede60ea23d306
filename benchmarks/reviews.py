"""IMDB reviews, and the model of the text benchmark in its untrained state: what the speed benchmarks work on."""

from __future__ import annotations

from functools import cache

from benchmarks.text_accuracy import SETTINGS
from salience.data import sets
from salience.pipeline import Pipeline


@cache
def reviews(count: int) -> tuple[list[str], list[str]]:
    """Texts and labels of some training reviews, of both classes alike, in an order without meaning."""
    frame = sets.rows("imdb")
    drawn = frame[frame["split"] == "train"].sample(count, random_state=0)
    return drawn["text"].tolist(), drawn["label"].tolist()


def untrained(texts: list[str], labels: list[str]) -> Pipeline:
    """The model with the settings of the accuracy benchmark; its speed does not depend on training."""
    settings = SETTINGS["imdb"]
    return Pipeline(settings["inputs"], "Classification", model=settings["model"]).learn(texts, labels, seed=0)
