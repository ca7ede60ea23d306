"""Attention over all layers as importance: rollout (Abnar and Zuidema 2020).

Legend: B examples, T queries of the last record, S positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from salience.core.record import Attention
from salience.evaluation.importance.received import AttentionShares
from salience.models import flow


@dataclass(frozen=True)
class Rollout(AttentionShares):
    r"""What flows from each unit to the pool when every self-attention layer passes on :math:`\frac12 (\bar A + I)`.

    Shares and steps as in `Received`, which this equals for a model without self-attention. Cost: one prediction.

    Reference: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """

    def flow(self, records: Sequence[Attention], asked: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B S"]:
        return flow.rollout(records, asked)
