"""The loss that belongs to sparse attention: zero where sparsemax or entmax of the scores is the target.

Legend: R rows, H heads, S positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.kernels import normalise
from salience.training.attention_losses.loss import AttentionLoss, shares
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class FenchelYoung(AttentionLoss):
    r"""The Fenchel-Young loss of entmax: :math:`\Omega(t) + \Omega^*(z) - t \cdot z`.

    :math:`\Omega(p) = \frac{\sum_s p_s^\alpha - 1}{\alpha (\alpha - 1)}` and the gradient by the scores is
    :math:`\mathrm{entmax}_\alpha(z) - t`. It is 0 exactly where these agree, at scores that need not be infinite, and
    never takes the logarithm of a weight that is zero, as cross entropy would.

    The scores z of a sparse record are those of its one query; with several heads the loss is the mean over heads, each
    of which is to look at t. Where weights are a softmax, z are their logarithms: its scores but for a constant, which
    entmax does not see. What the positions of a sparse layer received has no scores of its own; there
    :math:`z = a^{\alpha - 1} / (\alpha - 1)`, which entmax maps to the weights a themselves. `alpha` has then to be
    that of the mechanism, and a marked position whose weight is exactly zero gets no gradient of its own.

    Args:
        alpha: above 1, at most 2: 2 is sparsemax, 1.5 is milder. (1 would be `KL`.)

    Reference: Blondel, Martins and Niculae 2020, "Learning with Fenchel-Young Losses"; Martins and Astudillo 2016,
    "From Softmax to Sparsemax".
    """

    alpha: float = 1.5

    def problems(self) -> list[str]:
        wrong = not 1 < self.alpha <= 2
        return super().problems() + ([f"alpha must be above 1 and at most 2, got {self.alpha}"] if wrong else [])

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        scores = self._scores(looked)
        return fenchel_young(scores, shares(target)[:, None], looked.mask[:, None], alpha=self.alpha).mean(1)

    def _scores(self, looked: Looked) -> Float[Tensor, "R H S"]:
        if looked.scores is not None:
            return looked.scores
        if not looked.sparse:
            return looked.log_weights[:, None]
        power = self.alpha - 1
        # At zero the slope of a root is infinite, and zero times that would be NaN.
        return looked.weights.clamp(min=torch.finfo(looked.weights.dtype).tiny)[:, None] ** power / power


def fenchel_young(
    scores: Float[Tensor, "*rows S"], target: Float[Tensor, "*#rows S"], mask: Bool[Tensor, "*#rows S"], *, alpha: float
) -> Float[Tensor, "*rows"]:
    """The loss of scores against shares that sum to one; what lies outside of `mask` does not count."""
    weights = normalise.entmax(scores, mask, alpha).detach()
    # Omega* has its maximum at `weights`, so that the gradient through them is zero.
    return _omega(target, alpha) - _omega(weights, alpha) + ((weights - target) * scores * mask).sum(-1)


def _omega(weights: Float[Tensor, "*rows S"], alpha: float) -> Float[Tensor, "*rows"]:
    return ((weights**alpha).sum(-1) - 1) / (alpha * (alpha - 1))
