"""Measure a finished run on other labelled rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from salience.core import config
from salience.data import table
from salience.data.infer import infer, labelled, parse_targets
from salience.data.rationale import rationale_columns, read_rationales
from salience.data.windows import Window
from salience.evaluation import Score
from salience.evaluation.faithfulness import Faithfulness, measure_faithfulness
from salience.evaluation.importance import Received
from salience.evaluation.plausibility import Plausibility
from salience.pipeline import Pipeline
from salience.run.agreement import agreement
from salience.run.environment import data_facts
from salience.run.folder import RunFolder
from salience.run.measure import see
from salience.run.prepare_series import time_block
from salience.run.series_rows import judged, reads_series
from salience.run.settings import Settings

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
    settings = config.make(Settings, config.read(folder.path / "config.yaml"), where=str(folder.path / "config.yaml"))
    if reads_series(pipeline):
        return _of_series(
            pipeline, judged(pipeline, source), count=count, seed=settings.options.seed, progress=progress
        )
    frame = table.read(source)
    if folder.read_json("env.json")["data"]["sha256"] == data_facts(source, frame)["sha256"]:
        log.warning(
            "the run was made from these very rows, and learned from most of them: such scores say nothing about new "
            "rows; without a file, evaluate tells the scores of its test rows"
        )
    inference = infer(frame, target=settings.target, inputs=settings.readers, task=settings.task_name)
    frame = labelled(frame, inference)
    targets = parse_targets(frame, inference)
    rows = frame[pipeline.columns].to_dict("records")
    examples = pipeline.encode(rows)
    seen = see(pipeline, examples, targets)
    seed = settings.options.seed
    proof = (
        measure_faithfulness(pipeline, rows, Received(), targets=targets, count=count, seed=seed, progress=progress)
        if count
        else None
    )
    marked = rationale_columns(settings.rationale, pipeline.columns)
    marks = {name: read_rationales(frame, name, each) for name, each in marked.items() if each.column in frame.columns}
    return Evaluated(len(rows), seen.scores, proof, agreement(pipeline, examples, marks, seed=seed))


def _of_series(
    pipeline: Pipeline,
    rows: Sequence[dict[str, Window]],
    *,
    count: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> Evaluated:
    """Scores of all windows; intervals and the proof draw whole blocks of time."""
    targets = [next(iter(row.values())) for row in rows]
    blocks = [time_block(window) for window in targets]
    seen = see(pipeline, pipeline.encode(rows), targets, groups=blocks)
    proof = (
        measure_faithfulness(
            pipeline, rows, Received(), targets=targets, groups=blocks, count=count, seed=seed, progress=progress
        )
        if count
        else None
    )
    return Evaluated(len(rows), seen.scores, proof, {})
