"""A model that answers like another one and looks as far elsewhere as it can (Wiegreffe and Pinter 2019).

Legend: N rows, B rows of a batch, S positions, C numbers per answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch
from salience.core.errors import ConfigError, NotAvailable
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation.difference import Difference, measure_difference
from salience.evaluation.explanation.distance import answer_distance
from salience.evaluation.explanation.summary import DRAWS
from salience.models.model import Model, Output
from salience.pipeline import Pipeline
from salience.tasks import Task
from salience.training.explanation.guides import renewed
from salience.training.fit import fit
from salience.training.looked import look
from salience.training.module import Side
from salience.training.options import TrainOptions


@dataclass(frozen=True, slots=True)
class TradeOff:
    """What an adversary has reached at one weight: how far it looks from the base, and how far it answers from it."""

    weight: float
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_trade_off(
    base: Pipeline,
    train: Side,
    validation: Side,
    rows: Iterable[Any],
    *,
    weights: Sequence[float],
    options: TrainOptions,
    folder: Path,
    bootstrap: Bootstrap = DRAWS,
) -> tuple[TradeOff, ...]:
    """Train one adversary per weight, and say how far each looks and answers from the base.

    Attention that explains is hard to move: the answers change as soon as the weights do. Compare with what lies
    between seeds (`measure_seeds`), and with the base under the same weight everywhere.

    Args:
        base: a trained pipeline; it stays as it is.
        train: training rows; their targets are not used.
        validation: rows that choose the epoch; likewise.
        rows: rows to compare on, which training has not seen.
        weights: what one nat of divergence is worth, in units of the change of an answer; 0 for imitation alone.
        options: of every training run.
        folder: of checkpoints, one folder inside it per weight.
        bootstrap: how rows are drawn anew for intervals.

    Raises:
        ConfigError: there is no weight, or one is negative.
        DataError: there are no rows to compare on.
        NotAvailable: this is no single model of ours, or its attention is not learned.
    """
    if not weights:
        raise ConfigError("expected at least one weight to train with, got none")
    given, found = list(rows), []
    for weight in weights:
        other = train_adversary(base, train, validation, weight=weight, options=options, folder=folder / f"{weight:g}")
        found.append(TradeOff(weight, measure_difference(base, other, given, bootstrap=bootstrap)))
    return tuple(found)


def train_adversary(
    base: Pipeline, train: Side, validation: Side, *, weight: float, options: TrainOptions, folder: Path
) -> Pipeline:
    r"""Train new weights for the model of a pipeline, against it.

    The loss of a row is :math:`D(y_a, y_b) - \lambda\, KL(\alpha_a \| \alpha_b)`, with D as in `answer_distance`, and
    attention a as weights of positions, averaged over heads. The epoch with the lowest loss on the validation rows is
    kept, whatever `options.select` says. Targets are not used.

    Args:
        base: a trained pipeline; it stays as it is.
        train: training rows.
        validation: rows that choose the epoch.
        weight: lambda, 0 or more.
        options: of training; their seed is that of the weights.
        folder: of checkpoints.

    Raises:
        ConfigError: a negative weight.
        NotAvailable: this is no single model of ours, or its attention is not learned.

    Reference: Wiegreffe and Pinter 2019, "Attention is not not Explanation", section 4.1.
    """
    if weight < 0:
        raise ConfigError(f"the weight of an adversary is 0 or more, got {weight:g}")
    if not isinstance(base.model, Model):
        raise NotAvailable(
            f"{type(base.model).__name__} is no single model with pools of its own, against which one could train",
            fix="give a single model that was made by salience",
        )
    rival = renewed(base, seed=options.seed)
    training = copy(rival)
    # Training asks of a model that it answers a batch, and of a task what `Imitation` has.
    training.model = cast(Model, Rival(rival.model, base.model.eval()))
    training.task = cast(Task, Imitation(base.task, weight))
    sides = [Side(side.examples, _answers(base, side)) for side in (train, validation)]
    fit(training, *sides, options=replace(options, select="loss"), folder=folder)
    rival.model.eval()
    return rival


class Rival(nn.Module):
    """A model whose answer has one number more: how far it looks from another model, in nats.

    Args:
        model: what is trained.
        base: what it is trained against; no part of what is trained or saved.
    """

    def __init__(self, model: nn.Module, base: nn.Module) -> None:
        super().__init__()
        self.model = model
        # In a tuple, where this module does not find it.
        self._base = (base,)

    def forward(self, batch: Batch) -> Output:
        output = self.model(batch)
        with torch.no_grad():
            known = self._base[0].to(output.raw.device)(batch)
        apart = [_divergence(output, known, batch, column) for column in batch.streams]
        return Output(torch.cat([output.raw, torch.stack(apart, -1).mean(-1, keepdim=True)], -1), output.records)


class Imitation:
    """The task of a `Rival`: to answer like the base, whose answers are the targets, and to look elsewhere."""

    #: What chooses an epoch is the loss.
    scores: tuple[str, ...] = ()

    def __init__(self, task: Task, weight: float) -> None:
        self._task = task
        self._weight = weight

    def encode(self, targets: Sequence[Float[Tensor, "C"]]) -> Float[Tensor, "N C"]:
        """The answers of the base as one tensor."""
        return torch.stack(list(targets))

    def probabilities(self, raw: Float[Tensor, "N C+1"]) -> Float[Tensor, "N C"]:
        """The answers of the rival."""
        return self._task.probabilities(raw[:, :-1])

    def loss(self, raw: Float[Tensor, "N C+1"], target: Float[Tensor, "N C"]) -> Float[Tensor, ""]:
        """How far it answers from the base, less what it gains by looking elsewhere."""
        changed = answer_distance(self._task, raw[:, :-1].detach())(self.probabilities(raw), target)
        return (changed - self._weight * raw[:, -1]).mean()

    def calibrate(self, raw: Float[Tensor, "N C+1"], target: Float[Tensor, "N C"]) -> None:
        """Nothing: its probabilities are to be those of the base."""


def _answers(base: Pipeline, side: Side) -> list[Float[Tensor, "C"]]:
    return list(base.task.probabilities(base.raw(side.examples)))


def _divergence(output: Output, known: Output, batch: Batch, column: str) -> Float[Tensor, "B"]:
    r""":math:`KL(\alpha_a \| \alpha_b)` of each row."""
    layout = batch.streams[column].layout
    mine = look(output.records[column], layout)
    with torch.no_grad():
        other = look(known.records[column], layout)
    return (mine.weights * (mine.log_weights - other.log_weights)).sum(-1)
