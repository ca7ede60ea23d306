"""Measure a finished run on other labelled rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from salience.core import config
from salience.data import table
from salience.data.infer import infer, labelled, parse_targets
from salience.data.rationale import rationale_columns, read_rationales
from salience.data.target import lists_of
from salience.evaluation import Score
from salience.evaluation.faithfulness import Faithfulness, measure_faithfulness
from salience.evaluation.importance import Received
from salience.evaluation.plausibility import Plausibility
from salience.pipeline import Pipeline
from salience.run.agreement import agreement
from salience.run.folder import RunFolder
from salience.run.measure import see
from salience.run.prepare_series import series_input
from salience.run.series_rows import Judged, judged
from salience.run.settings import Settings


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
    name = series_input(settings)
    if name is not None:
        return _of_series(pipeline, judged(source, settings, name), count, settings.options.seed, progress)
    frame = table.read(source)
    inference = infer(
        frame, target=settings.target, inputs=settings.readers, task=settings.task_name, lists=settings.lists
    )
    frame = labelled(frame, inference)
    targets = parse_targets(frame, inference)
    rows = frame[pipeline.columns].to_dict("records")
    examples = pipeline.encode(rows)
    seen = see(pipeline, examples, targets)
    seed = settings.options.seed
    proof = (
        measure_faithfulness(
            pipeline,
            rows,
            Received(),
            targets=targets,
            groups=lists_of(targets),
            count=count,
            seed=seed,
            progress=progress,
        )
        if count
        else None
    )
    marked = rationale_columns(settings.rationale, pipeline.columns)
    marks = {name: read_rationales(frame, name, each) for name, each in marked.items() if each.column in frame.columns}
    return Evaluated(len(rows), seen.scores, proof, agreement(pipeline, examples, marks, seed=seed))


def _of_series(
    pipeline: Pipeline, known: Judged, count: int, seed: int, progress: Callable[[int, int], None] | None
) -> Evaluated:
    """Scores of all windows; intervals and the proof draw whole blocks of time, or whole lists."""
    rows, targets, groups = known.rows, known.targets, known.groups
    seen = see(pipeline, pipeline.encode(rows), targets, groups=groups)
    proof = (
        measure_faithfulness(
            pipeline, rows, Received(), targets=targets, groups=groups, count=count, seed=seed, progress=progress
        )
        if count
        else None
    )
    return Evaluated(len(rows), seen.scores, proof, {})
