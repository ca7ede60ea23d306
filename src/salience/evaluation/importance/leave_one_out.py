"""Leave one out: how much the answer changes when one unit is not there.

Legend: U units of a row, numbered column after column; R units of one run of neighbours; M runs of all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.errors import ConfigError
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.importance.parts import parts_of, spread
from salience.evaluation.removal import Row, answers, by_column, without
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

    def scores(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None) -> list[Scores]:
        runs = [parts_of(row, self.parts) for row in rows]
        ends = np.cumsum([len(each) for each in runs], dtype=int)
        of_rows = np.split(_changes(pipeline, rows, runs, choice), ends)[:-1]
        return [by_column(row, spread(each, run)) for row, each, run in zip(rows, of_rows, runs, strict=True)]


def _changes(
    pipeline: Pipeline, rows: Sequence[Row], runs: Sequence[Sequence[Int[np.ndarray, "R"]]], choice: Tensor | None
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
    choice = pipeline.task.choose(full) if choice is None else choice[of_run]
    return (pipeline.task.focus(full, choice) - pipeline.task.focus(left, choice)).double().numpy()
