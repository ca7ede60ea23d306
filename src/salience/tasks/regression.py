"""Regression: one number for each row.

Legend: N rows, D width, M models.
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


class Regression:
    """One number, learned on the scale of the training targets (mean 0, standard deviation 1).

    Args:
        robust: Huber loss with its corner at one standard deviation, instead of the squared error.
    """

    scores: tuple[str, ...] = ("r2", "rmse", "mae", "pearson", "spearman")

    def __init__(self, *, robust: bool = False) -> None:
        self.robust = robust
        self.mean = 0.0
        self.deviation = 1.0

    def fit(self, targets: Sequence[float]) -> Self:
        values = torch.tensor([float(each) for each in targets], dtype=torch.float64)
        if not len(values) or not torch.isfinite(values).all():
            raise DataError("expected finite numbers as targets of the training rows")
        self.mean = values.mean().item()
        deviation = values.std(correction=0).item()
        if deviation <= 1e-12 * max(1.0, abs(self.mean)):
            raise DataError(f"every training target equals {self.mean:g}: there is nothing to learn")
        self.deviation = deviation
        return self

    def encode(self, targets: Sequence[float]) -> Float[Tensor, "N"]:
        for row, target in enumerate(targets):
            if not isinstance(target, int | float) or not math.isfinite(target):
                raise DataError(f"expected a finite number, got {target!r}", where=f"target of row {row + 1}")
        values = torch.tensor([float(each) for each in targets], dtype=torch.float64)
        return ((values - self.mean) / self.deviation).float()

    def head(self, width: int) -> nn.Module:
        return nn.Linear(width, 1)

    def loss(self, raw: Float[Tensor, "N 1"], target: Float[Tensor, "N"]) -> Float[Tensor, ""]:
        if self.robust:
            return F.huber_loss(raw.squeeze(-1), target.to(raw.dtype))
        return F.mse_loss(raw.squeeze(-1), target.to(raw.dtype))

    def calibrate(self, raw: Float[Tensor, "N 1"], target: Float[Tensor, "N"]) -> None:
        """A number has no probability to calibrate."""

    def probabilities(self, raw: Float[Tensor, "N 1"]) -> Float[Tensor, "N 1"]:
        """The values, in the unit of the target."""
        return raw * self.deviation + self.mean

    def average(self, raws: Float[Tensor, "M N 1"]) -> Float[Tensor, "N 1"]:
        """The mean value: see `Averaging`."""
        return raws.mean(0)

    def decode(self, raw: Float[Tensor, "N 1"]) -> list[Answer]:
        return [Answer(value) for value in self.probabilities(raw.double()).squeeze(-1).tolist()]

    def choose(self, raw: Float[Tensor, "N 1"]) -> Tensor:
        """There is nothing to choose between: zeros."""
        return torch.zeros(len(raw), dtype=torch.long, device=raw.device)

    def focus(self, raw: Float[Tensor, "N 1"], choice: Tensor | None = None) -> Float[Tensor, "N"]:  # noqa: ARG002
        """The value, in standard deviations of the training targets from their mean."""
        return raw.squeeze(-1)

    def state(self) -> dict[str, Any]:
        return {"mean": self.mean, "deviation": self.deviation}

    def restore(self, state: Mapping[str, Any]) -> Self:
        self.mean = float(state["mean"])
        self.deviation = float(state["deviation"])
        return self
