"""Attention over all layers as importance: rollout (Abnar and Zuidema 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.importance.received import attention_shares
from salience.evaluation.removal import Row
from salience.models import flow
from salience.pipeline import Pipeline


@dataclass(frozen=True)
class Rollout(Importance):
    r"""What flows from each unit to the pool when every self-attention layer passes on :math:`\frac12 (\bar A + I)`.

    Shares as in `Received`, which this equals for a model without self-attention. Cost: one prediction.

    Reference: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """

    def scores(self, pipeline: Pipeline, rows: Sequence[Row]) -> list[Scores]:
        return attention_shares(pipeline, rows, flow.rollout)
