"""The squared distance between attention and the shares of marks (Barrett et al. 2018).

Legend: R rows, S positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from salience.training.attention_losses.loss import AttentionLoss, shares
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class MeanSquaredError(AttentionLoss):
    r"""The mean squared error times the length n: :math:`n \cdot \frac{1}{n} \sum_s (a_s - t_s)^2`, at most 2.

    Without the factor its gradient would vanish on long texts, where every weight is about 1 / n. It is bounded, so
    that a wrong annotation costs little.

    Works badly when: attention is far off. A softmax that is sure of a wrong place has hardly any gradient here.

    Reference: Barrett et al. 2018, "Sequence Classification with Human Attention".
    """

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        return (looked.weights * looked.mask - shares(target)).square().sum(-1)
