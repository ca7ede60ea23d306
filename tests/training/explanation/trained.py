"""A small trained pipeline with its sides, made once."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from salience.pipeline import Pipeline
from salience.training import Side, TrainOptions, fit
from tests.training.train_once import rows

OPTIONS = TrainOptions(epochs=4, batch_size=16, learning_rate=0.02, patience=0, drop_units=0.0, seed=3)


@cache
def trained(encoder: str = "Identity") -> tuple[Pipeline, Side, Side, Side]:
    """A trained pipeline with training, validation and test rows."""
    pipeline = Pipeline(
        {"text": {"Text": {"min_count": 1}}},
        "Classification",
        model={"width": 12, "encoder": encoder, "pool": "Additive", "dropout": 0.0},
    )
    parts = [rows(211, seed=1), rows(53, seed=2), rows(61, seed=4)]
    pipeline.learn(*parts[0], seed=3)
    sides = [Side(pipeline.encode(texts), targets) for texts, targets in parts]
    with tempfile.TemporaryDirectory() as folder:
        fit(pipeline, *sides[:2], options=OPTIONS, folder=Path(folder))
    return pipeline, *sides
