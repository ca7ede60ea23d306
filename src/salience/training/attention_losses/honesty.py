"""Attention learns to tell the truth about the model: what it points at is what a measurement finds important.

Legend: R rows, S positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from salience.training.attention_losses.loss import AttentionLoss, shares
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class Honesty(AttentionLoss):
    r"""Kullback-Leibler divergence to the model's own measured importance: :math:`\sum_s t_s \ln (t_s / a_s)`.

    The target is :math:`t = |m| / \sum |m|` with m what another method finds for the present model and its prediction.
    It is measured anew on all training rows before each epoch, and no gradient flows through it. Nobody has to annotate
    anything; and nothing is said about whether the model looks where people would.

    Cost: per epoch, what the method costs on the training rows; for integrated gradients with 16 steps about 50
    predictions per row, where an epoch of training costs 3.

    Works badly when: measured at the beginning of training, when importance is noise; hence `after`.

    Args:
        method: a class of `salience.evaluation.importance`, or one with its options.
        after: epochs without this loss at first.
    """

    target: ClassVar[str] = "importance"

    method: str | Mapping[str, Any] = "IntegratedGradients"
    after: int = 1

    def problems(self) -> list[str]:
        return super().problems() + ([f"after must be 0 or more, got {self.after}"] if self.after < 0 else [])

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        wanted = shares(target)
        return (torch.xlogy(wanted, wanted) - wanted * looked.log_weights).sum(-1)
