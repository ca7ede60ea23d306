"""Measure a finished run on other labelled rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from salience.core.errors import DataError
from salience.evaluation import Score
from salience.evaluation.faithfulness import Faithfulness, measure_faithfulness
from salience.evaluation.importance import Received
from salience.evaluation.plausibility import Plausibility
from salience.pipeline import Pipeline
from salience.run.agreement import agreement
from salience.run.folder import RunFolder
from salience.run.measure import see
from salience.run.settings import saved_settings
from salience.run.unseen import given


@dataclass(frozen=True)
class Evaluated:
    """Scores on some rows, whether the attention paid on them is true, and whether people mark the same."""

    rows: int
    scores: dict[str, Score]
    faithfulness: Faithfulness | None
    #: By column in which people marked the reasons.
    plausibility: dict[str, Plausibility]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "rows": self.rows,
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
            "faithfulness": self.faithfulness.to_dict() if self.faithfulness else None,
            "plausibility": {name: each.to_dict() for name, each in self.plausibility.items()},
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

    Where the settings of the run name a rationale, and `source` has its column, the agreement with people is measured.

    Raises:
        DataError: the target or an input is missing, or a cell cannot be read.
    """
    settings = saved_settings(folder.path)
    rows = given(source, settings, pipeline)
    if rows.targets is None:
        raise DataError(
            f"there is no column '{settings.target}'", fix="give a table with the labels that answers are judged by"
        )
    seed, examples = settings.options.seed, pipeline.encode(rows.cells)
    proof = None
    if count:
        proof = measure_faithfulness(
            pipeline,
            rows.cells,
            Received(),
            targets=rows.targets,
            groups=rows.groups,
            count=count,
            seed=seed,
            progress=progress,
        )
    scores = see(pipeline, examples, rows.targets, groups=rows.groups).scores
    return Evaluated(len(rows.cells), scores, proof, agreement(pipeline, examples, rows.marks, seed=seed))
