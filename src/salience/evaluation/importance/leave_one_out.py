"""Leave one out: how much the answer changes when one unit is not there.

Legend: U units of a row, numbered column after column; R units of one run of neighbours; M runs of all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from salience.core.errors import ConfigError
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row, answers, by_column, num_units, without
from salience.pipeline import Pipeline


@dataclass(frozen=True)
class LeaveOneOut(Importance):
    r""":math:`a_i = f_c(x) - f_c(x \setminus i)`, with c the prediction on the full input.

    Signed: positive where a unit speaks for the prediction. Cost: one prediction per unit.

    Works badly when evidence is repeated: without one of two good reasons the answer stays the same.

    Args:
        parts: at most so many predictions per row. The units of a longer row are left out in runs of neighbours, each
            of which shares the change of its run equally. None means one unit at a time, however many there are.

    Reference: Li et al. 2016, "Understanding Neural Networks through Representation Erasure".
    """

    parts: int | None = None

    def __post_init__(self) -> None:
        if self.parts is not None and self.parts < 1:
            raise ConfigError(f"leave one out needs at least one part, got {self.parts}")

    def scores(self, pipeline: Pipeline, rows: Sequence[Row]) -> list[Scores]:
        runs = [self._runs(row) for row in rows]
        ends = np.cumsum([len(each) for each in runs], dtype=int)
        of_rows = np.split(_changes(pipeline, rows, runs), ends)[:-1]
        return [by_column(row, _spread(each, run)) for row, each, run in zip(rows, of_rows, runs, strict=True)]

    def _runs(self, row: Row) -> list[Int[np.ndarray, "R"]]:
        count = num_units(row)
        parts = count if self.parts is None else min(count, self.parts)
        return np.array_split(np.arange(count), parts) if parts else []


def _changes(
    pipeline: Pipeline, rows: Sequence[Row], runs: Sequence[Sequence[Int[np.ndarray, "R"]]]
) -> Float[np.ndarray, "M"]:
    """How much the focus falls without each run of each row, one after another."""
    full = answers(pipeline, rows)
    left = answers(
        pipeline, (without(pipeline, row, run) for row, each in zip(rows, runs, strict=True) for run in each)
    )
    of_run = torch.tensor([i for i, each in enumerate(runs) for _ in each], dtype=torch.long)
    if not len(of_run):
        return np.zeros(0)
    full = full[of_run]
    choice = pipeline.task.choose(full)
    return (pipeline.task.focus(full, choice) - pipeline.task.focus(left, choice)).double().numpy()


def _spread(changes: Float[np.ndarray, "M"], runs: Sequence[Int[np.ndarray, "R"]]) -> Float[np.ndarray, "U"]:
    """The change of each run, shared equally among its units."""
    sizes = np.array([len(run) for run in runs], dtype=int)
    return np.repeat(changes / sizes, sizes)
