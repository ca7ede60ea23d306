"""FILL IN: one sentence that says what this task asks of a model.

How to use this template
    1. Copy it to `src/salience/tasks/`, under the name of your task in lower case.
    2. Replace whatever says FILL IN, and delete this explanation.
    3. Export the class: one import and one name in `__all__`, in `src/salience/tasks/__init__.py`. From then on a
       `Pipeline` finds it by its name.
    4. Give it a row in `tests/tasks/cases.py` and run `pytest tests/tasks`. The tests check the whole contract of a
       task; you need none of your own, except for a case computed by hand.
    5. For `salience fit` on tables, name it in `TASKS` of `src/salience/data/target.py`, with how a cell is read.

What you must give
    scores          which scores describe a model; the first one selects the best epoch. Their names are those of
                    `salience.evaluation.scores`
    fit             what is learned from the training targets
    encode          targets as a tensor, checked
    loss            what training makes small
    probabilities   raw numbers as the user wants to read them

What you may leave as it is
    This template answers with one number per row. Such a task has no choice to make and nothing to calibrate, and its
    focus (what an importance explains) is the number itself. A task that chooses among classes answers otherwise: see
    `classification.py` for one class and `multi_label.py` for several.

What others rely on
    The kind of scores follows from what `encode` gives: whole numbers [N] are classes, zeros and ones [N, C] are
    labels, other numbers [N] are values, and these must be on the scale of the raw numbers. A task whose answers have
    no probability is taken for one that answers with values. Everything learned stands in `state`.

Legend: N rows, D width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.errors import DataError
from salience.tasks.answer import Answer


class FillIn:
    r"""FILL IN: what is predicted, in half a sentence.

    FILL IN: the loss as a formula, and when to use this task and not another.

    Reference: FILL IN: Author et al. year, "Title", section.
    """

    scores = ("FILL IN", "FILL IN")

    def __init__(self, *, option: bool = False) -> None:
        self.option = option
        self.mean = 0.0
        self.deviation = 1.0

    def fit(self, targets: Sequence[float]) -> Self:
        """Learn mean and spread of the training targets, so that a model starts near them.

        Raises:
            DataError: a target is no number of this task, or all are equal.
        """
        values = torch.tensor([FILL_IN(each) for each in self._checked(targets)], dtype=torch.float64)
        if len(values) < 2 or values.std() == 0:
            raise DataError("the training targets do not differ: there is nothing to learn")
        self.mean, self.deviation = values.mean().item(), values.std(correction=0).item()
        return self

    def encode(self, targets: Sequence[float]) -> Float[Tensor, "N"]:
        values = torch.tensor([FILL_IN(each) for each in self._checked(targets)], dtype=torch.float64)
        return ((values - self.mean) / self.deviation).float()

    def head(self, width: int) -> nn.Module:
        return nn.Linear(width, 1)

    def loss(self, raw: Float[Tensor, "N 1"], target: Float[Tensor, "N"]) -> Float[Tensor, ""]:
        return F.FILL_IN(raw.squeeze(-1), target.to(raw.dtype))

    def calibrate(self, raw: Float[Tensor, "N 1"], target: Float[Tensor, "N"]) -> None:
        """A number has no probability to calibrate."""

    def probabilities(self, raw: Float[Tensor, "N 1"]) -> Float[Tensor, "N 1"]:
        """The values, in the unit of the target: the inverse of `encode`."""
        return FILL_IN_INVERSE(raw * self.deviation + self.mean)

    def decode(self, raw: Float[Tensor, "N 1"]) -> list[Answer]:
        return [Answer(value) for value in self.probabilities(raw.double()).squeeze(-1).tolist()]

    def choose(self, raw: Float[Tensor, "N 1"]) -> Tensor:
        """There is nothing to choose between: zeros."""
        return torch.zeros(len(raw), dtype=torch.long, device=raw.device)

    def focus(self, raw: Float[Tensor, "N 1"], choice: Tensor | None = None) -> Float[Tensor, "N"]:  # noqa: ARG002
        """What an importance explains: the value, on the scale that was learned."""
        return raw.squeeze(-1)

    def state(self) -> dict[str, Any]:
        return {"mean": self.mean, "deviation": self.deviation}

    def restore(self, state: Mapping[str, Any]) -> Self:
        self.mean = float(state["mean"])
        self.deviation = float(state["deviation"])
        return self

    def _checked(self, targets: Sequence[float]) -> Sequence[float]:
        for row, target in enumerate(targets, start=1):
            if not isinstance(target, int | float) or not math.isfinite(target) or FILL_IN_CONDITION:
                raise DataError(f"expected FILL IN, got {target!r}", where=f"target of row {row}")
        return targets
