"""How much each column of a table mattered, over many rows.

Legend: N rows, K columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salience.core.place import Column, Heat
from salience.core.seed import derive
from salience.evaluation import Score
from salience.evaluation.bootstrap import Bootstrap, interval, mean
from salience.reports.content import ColumnImportance


def column_importance(heats: Sequence[Sequence[Heat]], *, seed: int) -> tuple[ColumnImportance, ...]:
    """The mean importance of each column, the highest first, with intervals over rows; none where there is no table."""
    found = [{heat.unit.column: heat.score for heat in row if isinstance(heat.unit.place, Column)} for row in heats]
    names = list(dict.fromkeys(name for row in found for name in row))
    if not names:
        return ()
    scores = np.array([[row.get(name, 0.0) for name in names] for row in found])  # [N, K]
    means = scores.mean(0)
    draws = Bootstrap(seed=derive(seed, "columns")).distribution(mean(scores), len(scores))
    order = np.argsort(-means, kind="stable")
    return tuple(
        ColumnImportance(names[place], Score(float(means[place]), *interval(draws[:, place])), len(scores))
        for place in order
    )
