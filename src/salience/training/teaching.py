"""The attention losses of a training run: which rows have a target, where it lies after units were left out, the sum.

Legend: B rows of a batch, S positions, U units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch, Example
from salience.core.build import build
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.data.modalities.text import Text
from salience.data.rationale import Rationale
from salience.evaluation import importance
from salience.models.model import Output
from salience.pipeline import Pipeline
from salience.training import attention_losses
from salience.training.attention_losses import Honesty
from salience.training.attention_losses.loss import AttentionLoss
from salience.training.looked import look

#: One number per unit of a row, or None where the row has no target.
UnitTarget = Float[np.ndarray, "U"] | None
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
    """The weighted sum of the attention losses of a batch.

    Each is a mean over the pairs of row and column that have a target, and zero in a batch without any. Rows that
    nobody annotated have none: they are left out, never given a flat target.

    Args:
        losses: what `build_losses` gives.
        pipeline: what is trained.
        examples: the training rows.
        rationales: per marked column, the rationale of each training row.

    Raises:
        ConfigError: a loss needs marks, and no column has them.
        DataError: no row is annotated.
        NotAvailable: a marked column is no text.
    """

    def __init__(
        self,
        losses: Sequence[AttentionLoss],
        pipeline: Pipeline,
        examples: Sequence[Mapping[str, Example]],
        rationales: Mapping[str, Sequence[Rationale | None]],
    ) -> None:
        super().__init__()
        _check(losses, pipeline, rationales)
        self.readouts = nn.ModuleList(each.readout() for each in losses)
        self._losses = list(losses)
        self._pipeline = pipeline
        self._examples = examples
        self._rationales = dict(rationales)
        #: Per loss that measures, the importance of each unit of each row, by column.
        self._measured: dict[int, list[dict[str, Float[np.ndarray, "U"]]]] = {}

    def begin(self, epoch: int) -> None:
        """Measure what losses need to know of the model as it is before an epoch; epochs count from 0."""
        for number, loss in enumerate(self._losses):
            if isinstance(loss, Honesty) and epoch >= loss.after:
                method: importance.importance.Importance = build(loss.method, importance)
                self._measured[number] = method.scores(self._pipeline, self._examples)

    def forward(self, output: Output, batch: Batch, index: Sequence[int]) -> Float[Tensor, ""]:
        """The weighted sum.

        Args:
            index: the number of each row of the batch among the training rows.
        """
        total = output.raw.new_zeros(())
        for number, (loss, readout) in enumerate(zip(self._losses, self.readouts, strict=True)):
            found = [self._of_column(number, column, readout, output, batch, index) for column in self._columns(loss)]
            rows = torch.cat(found) if found else total[None][:0]
            total = total + loss.weight * rows.sum() / max(1, len(rows))
        return total

    def _columns(self, loss: AttentionLoss) -> list[str]:
        return list(self._rationales) if loss.target == "marks" else self._pipeline.inputs

    def _of_column(
        self, number: int, column: str, readout: nn.Module, output: Output, batch: Batch, index: Sequence[int]
    ) -> Float[Tensor, "R"]:
        """The loss of each row that has a target in this column."""
        loss, layout = self._losses[number], batch.streams[column].layout
        looked = look(output.records[column], layout, layer=loss.layer, head=loss.head, readout=readout)
        target = np.zeros(tuple(looked.mask.shape), np.float32)
        for row, (examples, place) in enumerate(zip(batch.examples, index, strict=True)):
            units = self._units(number, column, examples[column], place)
            if units is not None:
                target[row, : len(examples[column])] = _by_position(units, examples[column])
        wanted = torch.from_numpy(target).to(looked.weights)
        rows = loss.has_target(wanted, looked.mask)
        return loss(looked.of(rows), wanted[rows])

    def _units(self, number: int, column: str, example: Example, place: int) -> UnitTarget:
        """What a loss wants of the units that are left in an example of a training row."""
        if self._losses[number].target == "marks":
            rationale = self._rationales[column][place]
            return None if rationale is None else rationale.marks(example.places).mean(0)
        if number not in self._measured:
            return None
        found = np.abs(self._measured[number][place][column])
        return found[_left(self._examples[place][column].places, example.places)]


def _check(
    losses: Sequence[AttentionLoss], pipeline: Pipeline, rationales: Mapping[str, Sequence[Rationale | None]]
) -> None:
    lacking = [type(each).__name__ for each in losses if each.target == "marks"]
    if lacking and not rationales:
        raise ConfigError(
            f"{' and '.join(lacking)} cannot know what people marked: no column says so",
            where=_WHERE,
            fix="name the column with `rationale`",
        )
    if lacking and not any(each is not None for found in rationales.values() for each in found):
        raise DataError(
            "none of the training rows is annotated, so attention cannot be taught",
            where=f"the rationale of {', '.join(rationales)}",
            fix="annotate some, or set train.attention_loss to null to measure only",
        )
    for column in rationales:
        if not isinstance(pipeline.modalities[column], Text):
            raise NotAvailable(f"only texts can be marked, and '{column}' is none", where="rationale")


def _left(places: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Which units are among those that were left; both have places in the same order."""
    if len(places) == len(left):
        return np.ones(len(places), bool)
    known = set(map(tuple, left.tolist()))
    return np.array([tuple(each) in known for each in places.tolist()], bool)


def _by_position(units: Float[np.ndarray, "U"], example: Example) -> Float[np.ndarray, "S"]:
    """Numbers of units, given to each position of the unit; zero for positions that belong to no unit."""
    # One more for the owner -1 of special positions.
    return np.append(units, 0.0)[example.owner]
