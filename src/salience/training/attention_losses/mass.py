"""All attention that falls on what people marked, wherever among it.

Legend: R rows, S positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from salience.training.attention_losses.loss import AttentionLoss
from salience.training.looked import Looked


@final
@dataclass(frozen=True, kw_only=True)
class Mass(AttentionLoss):
    r"""The share of attention on marked positions M: :math:`-\ln \sum_{s \in M} a_s`.

    M is what any annotator marked. How attention is divided among it is left to the model, which suits stretches that
    people marked as a whole.

    Works badly when: several reasons have to be shown, since one of them is enough.
    """

    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        return -looked.log_weights.masked_fill(target <= 0, -torch.inf).logsumexp(-1)
