"""Each position by itself: is it marked? Told from its attention by a logit that is learned beside the model.

Legend: R rows, S positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from salience.training.attention_losses.loss import AttentionLoss, shares
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class BinaryCrossEntropy(AttentionLoss):
    r"""Binary cross entropy of a logit per position, :math:`z_s = e^u \ln (n a_s) + v` in a row of n positions.

    Weights that sum to one are no probabilities of being marked: of five marked words not all can exceed a fifth. So
    attention, compared with an equal share of it, passes a scale and a threshold, u and v, that are learned for all
    rows together and thrown away after training. The target is the share of annotators who marked a position.

    Rows where nothing is marked are left out, because attention that sums to one cannot say "nowhere".

    Args:
        balanced: marked and unmarked positions of a row count one half each, however many there are; rows where all is
            marked are left out too.
    """

    balanced: bool = True

    def readout(self) -> nn.Module:
        return Threshold()

    def has_target(self, target: Float[Tensor, "R S"], mask: Bool[Tensor, "R S"]) -> Bool[Tensor, "R"]:
        marked = (target > 0).any(-1)
        return marked & (mask & (target < 1)).any(-1) if self.balanced else marked

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        length = looked.mask.sum(-1, keepdim=True).to(looked.weights.dtype)
        logits = looked.readout(looked.log_weights + length.log())
        others = torch.where(looked.mask, 1 - target, 0.0)
        if self.balanced:
            return (shares(target) * softplus(-logits) + shares(others) * softplus(logits)).sum(-1) / 2
        return (target * softplus(-logits) + others * softplus(logits)).sum(-1) / length[:, 0]


class Threshold(nn.Module):
    """A scale above zero and a shift, which leave their input as it is at first."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.shift = nn.Parameter(torch.zeros(()))

    def forward(self, values: Float[Tensor, "R S"]) -> Float[Tensor, "R S"]:
        return self.log_scale.exp() * values + self.shift
