"""A small training run in a process of its own, so that a test can kill it: `train_once.py FOLDER [--resume]`."""

import random
import sys
import time
from pathlib import Path

import torch

from salience.pipeline import Pipeline
from salience.training import Side, TrainOptions, fit

GOOD, BAD = ["fine", "superb", "warm"], ["dull", "poor", "cold"]
OTHER = ["film", "plot", "scene", "actor", "and", "the"]


def rows(count: int, seed: int) -> tuple[list[dict[str, str]], list[str]]:
    """Texts of 5 to 12 words with one word that decides."""
    chance = random.Random(seed)
    made = []
    for i in range(count):
        words = chance.choices(OTHER, k=chance.randint(4, 11))
        words.insert(chance.randrange(len(words)), chance.choice(GOOD if i % 2 else BAD))
        made.append({"text": " ".join(words)})
    return made, ["good" if i % 2 else "bad" for i in range(count)]


def sides(pipeline: Pipeline) -> list[Side]:
    parts = [rows(211, seed=1), rows(53, seed=2)]
    pipeline.learn(*parts[0], seed=3)
    return [Side(pipeline.encode(texts), targets) for texts, targets in parts]


def make_pipeline() -> Pipeline:
    return Pipeline({"text": {"Text": {"min_count": 1}}}, "Classification", model={"width": 12})


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    pipeline = make_pipeline()
    train, validation = sides(pipeline)

    def tell(epoch):
        print(epoch.number, flush=True)
        time.sleep(0.3)

    options = TrainOptions(epochs=6, batch_size=16, drop_units=0.2, ema=0.9, patience=0, seed=5)
    fitted = fit(
        pipeline, train, validation, options=options, folder=folder, resume="--resume" in sys.argv, on_epoch=tell
    )
    pipeline.save(folder / "model")
    print("done", len(fitted.history), flush=True)
