"""Take parts away in order of importance, or give them back, and see what becomes of the answer.

Legend: N rows, U units of a row, M orders, G points of a curve, C outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.evaluation.removal import Row, answers, without
from salience.pipeline import Pipeline

#: Percent of the units taken at each inner point of a curve, rounded down, at least one unit: so 0 means one unit.
PERCENT = (0, 5, 10, 20, 30, 50, 75)
#: Share of the units at every point, both ends included; that of the point of one unit depends on the row.
SHARES = (0.0, *(percent / 100 for percent in PERCENT), 1.0)

#: From a row and the numbers of some of its units to the row that is left.
Remove = Callable[[Pipeline, Row, Int[np.ndarray, "R"]], Row]


@dataclass(frozen=True)
class Erased:
    """The answers to shortened rows. "Taken" is without the first units of an order, "kept" is with them alone."""

    fractions: Float[np.ndarray, "N G"]  # of the units of the row that are taken, or kept
    taken: Float[np.ndarray, "N M G"]  # focus
    kept: Float[np.ndarray, "N M G"]  # focus
    changed: Bool[np.ndarray, "N M G"]  # the model, without what is taken, decides otherwise
    raw: Float[Tensor, "N C"]  # of the whole rows
    raw_shortened: Float[Tensor, "N M C"]  # without the first fifth of the units


def ranking(scores: Float[np.ndarray, "U"], generator: np.random.Generator) -> Int[np.ndarray, "U"]:
    """Units from the most to the least important; ties in random order."""
    return np.lexsort((generator.random(len(scores)), -scores))


def erase(
    pipeline: Pipeline,
    rows: Sequence[Row],
    orders: Sequence[Int[np.ndarray, "M U"]],
    *,
    remove: Remove = without,
) -> Erased:
    """Follow each order of the units of each row. What is observed is the focus on the prediction for the whole row.

    `remove` takes units out of a row: `without` them, or with them `blanked`.
    """
    plans = [_Plan(order) for order in orders]
    raw = answers(pipeline, _shortened(pipeline, rows, plans, remove))
    firsts = np.cumsum([0, *(len(plan.removed) for plan in plans)])
    of_row = torch.arange(len(rows)).repeat_interleave(torch.from_numpy(np.diff(firsts)))
    # The first shortened row of each plan has lost nothing.
    whole = raw[torch.from_numpy(firsts[:-1])]
    choice = pipeline.task.choose(whole)[of_row]
    focus = pipeline.task.focus(raw, choice).double().numpy()
    changed = (pipeline.task.choose(raw) != choice).reshape(len(raw), -1).any(1).numpy()
    taken, kept = (
        np.stack([getattr(plan, name) + first for plan, first in zip(plans, firsts, strict=False)])
        for name in ("taken", "kept")
    )
    return Erased(
        fractions=np.stack([_counts(order.shape[1]) / order.shape[1] for order in orders]),
        taken=focus[taken],
        kept=focus[kept],
        changed=changed[taken],
        raw=whole,
        raw_shortened=raw[torch.from_numpy(taken[:, :, SHARES.index(0.2)])],
    )


def join(parts: Sequence[Erased]) -> Erased:
    """The rows of several results as one."""
    return Erased(
        fractions=np.concatenate([each.fractions for each in parts]),
        taken=np.concatenate([each.taken for each in parts]),
        kept=np.concatenate([each.kept for each in parts]),
        changed=np.concatenate([each.changed for each in parts]),
        raw=torch.cat([each.raw for each in parts]),
        raw_shortened=torch.cat([each.raw_shortened for each in parts]),
    )


class _Plan:
    """Which units to remove from one row, every set of them once, and where the points of the curves find theirs."""

    def __init__(self, orders: Int[np.ndarray, "M U"]) -> None:
        self.removed: list[Bool[np.ndarray, "U"]] = []
        self._known: dict[bytes, int] = {}
        size = orders.shape[1]
        nothing = np.zeros(size, dtype=bool)
        self._number(nothing)
        counts = _counts(size)
        self.taken = np.empty((len(orders), len(counts)), dtype=int)
        self.kept = np.empty_like(self.taken)
        for m, order in enumerate(orders):
            for g, count in enumerate(counts):
                gone = nothing.copy()
                gone[order[:count]] = True
                self.taken[m, g] = self._number(gone)
                self.kept[m, g] = self._number(~gone)

    def _number(self, gone: Bool[np.ndarray, "U"]) -> int:
        number = self._known.setdefault(gone.tobytes(), len(self._known))
        if number == len(self.removed):
            self.removed.append(gone)
        return number


def _shortened(pipeline: Pipeline, rows: Sequence[Row], plans: Sequence[_Plan], remove: Remove) -> Iterator[Row]:
    for row, plan in zip(rows, plans, strict=True):
        for removed in plan.removed:
            yield remove(pipeline, row, removed.nonzero()[0])


def _counts(size: int) -> Int[np.ndarray, "G"]:
    """How many of so many units each point of a curve takes; whole numbers, so that 20 % of 15 is 3 and not 2.9999."""
    return np.array([0, *(max(1, size * percent // 100) for percent in PERCENT), size])
