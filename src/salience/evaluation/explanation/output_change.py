"""Leave one out, by the whole answer: how far the probabilities move when one unit is not there.

Legend: R units of one run of neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from salience.evaluation.explanation.distance import change_from
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.importance.parts import parts_of, spread
from salience.evaluation.removal import Row, answers, by_column, without
from salience.pipeline import Pipeline


@dataclass(frozen=True)
class OutputChange(Importance):
    r""":math:`a_i = TVD(y(x), y(x \setminus i))`: the total variation distance of the answers (see `answer_distance`).

    Never negative: it says how much a unit mattered, and not for what. `LeaveOneOut` keeps the sign.
    Cost: one prediction per unit.

    Args:
        parts: at most so many predictions per row, as in `LeaveOneOut`; None means one unit at a time.

    Reference: Jain and Wallace 2019, "Attention is not Explanation", section 4.1.
    """

    parts: int | None = None

    def scores(
        self,
        pipeline: Pipeline,
        rows: Sequence[Row],
        choice: Tensor | None = None,  # noqa: ARG002
    ) -> list[Scores]:
        if not rows:
            return []
        runs = [parts_of(row, self.parts) for row in rows]
        left = (without(pipeline, row, run) for row, each in zip(rows, runs, strict=True) for run in each)
        # Whole rows first: a row without units has nothing to leave out, and no answer else.
        raw = answers(pipeline, [*rows, *left])
        of_run = torch.tensor([i for i, each in enumerate(runs) for _ in each], dtype=torch.long)
        change = change_from(pipeline.task, raw[of_run])(raw[len(rows) :]) if len(of_run) else torch.zeros(0)
        ends = np.cumsum([len(each) for each in runs])[:-1]
        of_rows = np.split(change.double().numpy(), ends)
        return [by_column(row, spread(each, run)) for row, each, run in zip(rows, of_rows, runs, strict=True)]
