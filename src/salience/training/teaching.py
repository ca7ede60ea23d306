"""The attention losses of a training run: which rows have a target, where it lies after units were left out, the sum.

Legend: B rows of a batch, R rows with a target, S positions, U units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from salience.core.batch import Batch, Example
from salience.core.build import build
from salience.core.errors import ConfigError
from salience.data.rationale import Rationale
from salience.models.model import Output
from salience.training import attention_losses
from salience.training.attention_losses.loss import AttentionLoss
from salience.training.looked import look

_WHERE = "train.attention_loss"


def build_losses(choice: str | Mapping[str, Any] | None) -> list[AttentionLoss]:
    """The losses that a setting names: one name, or names with their options, `{"KL": {"weight": 0.3}}`.

    Raises:
        ConfigError: an unknown name or option, or an impossible value.
    """
    if choice is None:
        return []
    named = [choice] if isinstance(choice, str) else [{name: options} for name, options in choice.items()]
    return [build(each, attention_losses) for each in named]


class Teaching(nn.Module):
    """The sum of all attention losses of a batch.

    The mean of a loss is over pairs of row and column that have a target; in a batch without any it is zero. Rows that
    nobody annotated have none: they are left out, never given a flat target.

    Args:
        losses: at least one.
        rationales: per marked column, the rationale of each training row.

    Raises:
        ConfigError: a loss needs marks, and there are none.
    """

    def __init__(self, losses: Sequence[AttentionLoss], rationales: Mapping[str, Sequence[Rationale | None]]) -> None:
        super().__init__()
        self.readouts = nn.ModuleList(each.readout() for each in losses)
        self._losses = list(losses)
        self._rationales = dict(rationales)
        lacking = [type(each).__name__ for each in losses if each.target == "marks" and not rationales]
        if lacking:
            raise ConfigError(
                f"{' and '.join(lacking)} need to know what people marked, and no column says so",
                where=_WHERE,
                fix="name the column with rationale=",
            )

    def forward(self, output: Output, batch: Batch, index: Sequence[int]) -> Float[Tensor, ""]:
        """The weighted sum.

        Args:
            index: the number of each row of the batch among the training rows.
        """
        marks = {
            column: self._marks(column, [each[column] for each in batch.examples], index, batch)
            for column in self._rationales
        }
        total = output.raw.new_zeros(())
        for loss, readout in zip(self._losses, self.readouts, strict=True):
            total = total + loss.weight * self._mean(loss, readout, output, batch, marks)
        return total

    def _mean(
        self,
        loss: AttentionLoss,
        readout: nn.Module,
        output: Output,
        batch: Batch,
        targets: Mapping[str, tuple[Tensor, Tensor]],
    ) -> Float[Tensor, ""]:
        parts = []
        for column, (target, told) in targets.items():
            looked = look(
                output.records[column], batch.streams[column].layout, layer=loss.layer, head=loss.head, readout=readout
            )
            rows = told & loss.has_target(target, looked.mask)
            parts.append(loss(looked.of(rows), target[rows]))
        found = torch.cat(parts)
        return found.sum() / max(1, len(found))

    def _marks(
        self, column: str, examples: Sequence[Example], index: Sequence[int], batch: Batch
    ) -> tuple[Float[Tensor, "B S"], Bool[Tensor, "B"]]:
        """The share of annotators who marked each position, and which rows anybody was asked about."""
        size = batch.streams[column].layout.size
        target, told = np.zeros((len(examples), size), np.float32), np.zeros(len(examples), bool)
        for row, (example, number) in enumerate(zip(examples, index, strict=True)):
            rationale = self._rationales[column][number]
            if rationale is not None:
                told[row] = True
                target[row, : len(example)] = _by_position(rationale.marks(example.places).mean(0), example)
        device = batch.streams[column].layout.lengths.device
        return torch.from_numpy(target).to(device), torch.from_numpy(told).to(device)


def _by_position(units: Float[np.ndarray, "U"], example: Example) -> Float[np.ndarray, "S"]:
    """Numbers of units, given to each position of the unit; zero for positions that belong to no unit."""
    # One more for the owner -1 of special positions.
    return np.append(units, 0.0)[example.owner]
