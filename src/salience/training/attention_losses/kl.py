"""Cross entropy with the shares that people's marks have (Zhong, Shao and McKeown 2019).

Legend: R rows, S positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from salience.training.attention_losses.loss import AttentionLoss, shares
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class KL(AttentionLoss):
    r"""Kullback-Leibler divergence from the attention to the marks: :math:`\sum_s t_s \ln (t_s / a_s)`.

    Its gradient by the scores of a softmax is :math:`a - t`, which is that of cross entropy: the two differ by the
    entropy of the target. All that is marked has the same share of the target, and is to be looked at equally.

    With `sharpness` v the target is :math:`t = \mathrm{softmax}(v\,m)` with m the share of annotators who marked a
    position: the target of HateXplain, whose authors mean v = 5. Their released code applies a softmax to weights that
    are a softmax already and drops v, which leaves a gradient 82 times weaker (23 words, 5 of them marked).

    Works badly when: people mark long stretches of which a few words matter; `Mass` leaves open which.

    Reference: Zhong et al. 2019, "Fine-grained Sentiment Analysis with Faithful Attention"; Mathew et al. 2021,
    "HateXplain: A Benchmark Dataset for Explainable Hate Speech Detection".

    Args:
        sharpness: v above; by default marks are scaled to sum to one, and what is not marked gets nothing.
    """

    sharpness: float | None = None

    def problems(self) -> list[str]:
        wrong = self.sharpness is not None and not 0 < self.sharpness < float("inf")
        return super().problems() + ([f"sharpness must be above 0, got {self.sharpness}"] if wrong else [])

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        if self.sharpness is None:
            wanted = shares(target)
        else:
            wanted = (self.sharpness * target).masked_fill(~looked.mask, -torch.inf).softmax(-1)
        return (torch.xlogy(wanted, wanted) - wanted * looked.log_weights).sum(-1)
