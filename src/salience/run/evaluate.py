"""Measure a finished run on other labelled rows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from salience.core.errors import DataError
from salience.data import table
from salience.evaluation import Score
from salience.evaluation.faithfulness import Faithfulness, measure_faithfulness
from salience.evaluation.importance import Received
from salience.evaluation.plausibility import Plausibility
from salience.pipeline import Pipeline
from salience.run.agreement import agreement
from salience.run.environment import data_facts
from salience.run.folder import RunFolder
from salience.run.measure import see
from salience.run.settings import saved_settings
from salience.run.unseen import given

log = logging.getLogger(__name__)


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
    if _is_own(folder, source):
        log.warning(
            "the run was made from these very rows, and learned from most of them: such scores say nothing about new "
            "rows; without a file, evaluate tells the scores of its test rows"
        )
    rows = given(source, settings, pipeline)
    if rows.targets is None:
        raise DataError(
            f"there is no column '{settings.target}'", fix="give a table with the labels that answers are judged by"
        )
    seed, examples = settings.options.seed, pipeline.encode(rows.cells)
    scores = see(pipeline, examples, rows.targets, groups=rows.groups).scores
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
    return Evaluated(len(rows.cells), scores, proof, agreement(pipeline, examples, rows.marks, seed=seed))


def _is_own(folder: RunFolder, source: Any) -> bool:
    """Is it the table that the run was made from? Of tables that lie elsewhere than in files and frames nobody asks."""
    if not isinstance(source, str | Path | pd.DataFrame):
        return False
    frame = table.read(source) if isinstance(source, pd.DataFrame) else pd.DataFrame()
    return folder.read_json("env.json")["data"]["sha256"] == data_facts(source, frame)["sha256"]
