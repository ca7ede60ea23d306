"""The importances that a run leaves: one line per unit of each test row, and of a forecast also per step."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from salience.evaluation.importance import Received
from salience.evaluation.importance.steps import Steps, importance_of_steps, stretches, tells_steps
from salience.pipeline import Pipeline
from salience.run.explain import explain, steps_of
from salience.run.folder import RunFolder
from salience.run.result import Result
from salience.tasks import Forecast

#: Lines of windows that overlap, of which so many evenly spaced ones are written that lines stay below.
MOST_LINES = 100_000


def write_importance(
    folder: RunFolder, pipeline: Pipeline, rows: Sequence[Mapping[str, object]], ids: Sequence[str]
) -> Result:
    """Write the attention paid in the test rows, and return it as it is for answers as wholes."""
    steps = stretches_of(pipeline)
    kept = _kept(pipeline, rows, lines=max(1, len(steps)))
    chosen = [rows[i] for i in kept]
    result = explain(pipeline, chosen, ids=[ids[i] for i in kept])
    path = folder.path / "importance.parquet"
    if len(steps) < 2:
        result.save(path)
    else:
        parts = [_of_steps(pipeline, result, chosen, each) for each in steps]
        pd.concat(parts, ignore_index=True).to_parquet(path, index=False)
    return result


def stretches_of(pipeline: Pipeline) -> list[Steps]:
    """The stretches of a horizon that a model tells apart, one where it looks once; none where nothing is forecast."""
    every = steps_of(pipeline)
    if every is None:
        return []
    return stretches(every[1]) if tells_steps(pipeline) else [every]


def looks_once(pipeline: Pipeline) -> bool:
    """Is it a forecast of several steps that has one importance for all of them?"""
    return isinstance(pipeline.task, Forecast) and pipeline.task.horizon > 1 and not tells_steps(pipeline)


def _of_steps(pipeline: Pipeline, result: Result, rows: Sequence[Mapping[str, object]], steps: Steps) -> pd.DataFrame:
    heats = importance_of_steps(pipeline, rows, Received(), steps)
    return dataclasses.replace(result, heats=heats, horizon=steps).to_frame()


def _kept(pipeline: Pipeline, rows: Sequence[Mapping[str, object]], *, lines: int) -> list[int]:
    """The rows whose importance is written: all, or of windows as many as have room, `lines` for each unit."""
    if not isinstance(pipeline.task, Forecast) or not rows:
        return list(range(len(rows)))
    units = sum(len(each.places) for each in pipeline.encode(rows[:1])[0].values())
    count = min(len(rows), max(1, MOST_LINES // max(1, units * lines)))
    return np.linspace(0, len(rows) - 1, count).round().astype(int).tolist()
