"""Measure a finished run on other labelled rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from salience.core import config
from salience.data import table
from salience.data.infer import infer, labelled, parse_targets
from salience.evaluation import Score
from salience.evaluation.faithfulness import Faithfulness, measure_faithfulness
from salience.evaluation.importance import Received
from salience.pipeline import Pipeline
from salience.run.folder import RunFolder
from salience.run.measure import see
from salience.run.settings import Settings


@dataclass(frozen=True)
class Evaluated:
    """Scores on some rows, and whether the attention paid on them is true."""

    rows: int
    scores: dict[str, Score]
    faithfulness: Faithfulness | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "rows": self.rows,
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
            "faithfulness": self.faithfulness.to_dict() if self.faithfulness else None,
        }


def evaluate(
    folder: RunFolder,
    pipeline: Pipeline,
    source: Any,
    *,
    count: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluated:
    """Score answers against the target column of `source`; judge faithfulness on `count` rows, 0 for none.

    Raises:
        DataError: the target or an input is missing or cannot be read.
    """
    settings = config.make(Settings, config.read(folder.path / "config.yaml"), where=str(folder.path / "config.yaml"))
    frame = table.read(source)
    inference = infer(frame, target=settings.target, inputs=pipeline.columns, task=settings.task_name)
    frame = labelled(frame, inference)
    targets = parse_targets(frame, inference)
    rows = frame[pipeline.columns].to_dict("records")
    seen = see(pipeline, pipeline.encode(rows), targets)
    seed = settings.options.seed
    proof = (
        measure_faithfulness(pipeline, rows, Received(), targets=targets, count=count, seed=seed, progress=progress)
        if count
        else None
    )
    return Evaluated(len(rows), seen.scores, proof)
