"""Sharper or flatter attention, without anybody saying where.

Legend: R rows, S positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Bool, Float
from torch import Tensor

from salience.training.attention_losses.loss import AttentionLoss
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class Entropy(AttentionLoss):
    r"""Entropy as a share of the highest that n positions can have: :math:`-\sum_s a_s \ln a_s / \ln n`, from 0 to 1.

    It needs no annotation, and holds for all rows of more than one position. A `weight` below zero makes attention
    flatter instead of sharper.

    Works badly when: it is the only reason to look somewhere. Sharp attention is not better attention.
    """

    target: ClassVar[str] = "nothing"
    either_sign: ClassVar[bool] = True

    def has_target(self, target: Float[Tensor, "R S"], mask: Bool[Tensor, "R S"]) -> Bool[Tensor, "R"]:  # noqa: ARG002
        return mask.sum(-1) > 1

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:  # noqa: ARG002
        highest = looked.mask.sum(-1).to(looked.weights.dtype).log()
        return -(looked.weights * looked.log_weights).sum(-1) / highest
