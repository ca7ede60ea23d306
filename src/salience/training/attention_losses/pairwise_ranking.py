"""Marked positions are to come before all others, whatever share they have.

Legend: R rows, S positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.training.attention_losses.loss import AttentionLoss
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class PairwiseRanking(AttentionLoss):
    r"""The hinge over all pairs of a marked and an unmarked position, averaged:

    :math:`\frac{1}{|M||\bar M|} \sum_{i \in M, j \notin M} \max(0, g - x_i + x_j)`, with x the logarithm of the
    attention, which differs from the score of a softmax by a constant of the row. M is what any annotator marked. A row
    where all is marked, or nothing, has no pairs and is left out.

    Pairs are summed by sorting, in O(S log S) time and O(S) memory.

    Works badly when: attention is to be sharp as well. Once the order is right by the margin, nothing is asked for.

    Args:
        margin: g above, in nats: marked positions are to have :math:`e^g` times the weight of unmarked ones.
    """

    margin: float = 1.0

    def problems(self) -> list[str]:
        wrong = not 0 < self.margin < float("inf")
        return super().problems() + ([f"margin must be above 0, got {self.margin}"] if wrong else [])

    def has_target(self, target: Float[Tensor, "R S"], mask: Bool[Tensor, "R S"]) -> Bool[Tensor, "R"]:
        return (target > 0).any(-1) & (mask & (target <= 0)).any(-1)

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        marked, unmarked = target > 0, looked.mask & (target <= 0)
        least = looked.log_weights - self.margin  # [R, S] below this, an unmarked position costs nothing
        ranked = looked.log_weights.masked_fill(~unmarked, -torch.inf).sort(-1).values
        # Sums from each rank to the highest, and one more for those that nobody exceeds.
        sums = ranked.masked_fill(ranked == -torch.inf, 0.0).flip(-1).cumsum(-1).flip(-1)
        sums = torch.nn.functional.pad(sums, (0, 1))
        rank = torch.searchsorted(ranked.detach(), least.detach().contiguous(), right=True)
        hinges = sums.gather(-1, rank) - (ranked.shape[-1] - rank) * least
        pairs = marked.sum(-1) * unmarked.sum(-1)
        return torch.where(marked, hinges, 0.0).sum(-1) / pairs
