"""The contract of a task: everything the rest of the house may ask about a target.

Legend: N rows, C outputs of the head, D width, M models.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol, Self

from jaxtyping import Float
from torch import Tensor, nn

from salience.tasks.answer import Answer


class Task(Protocol):
    """What is asked of a model. A task knows targets and raw outputs; it never sees inputs."""

    #: Names of the scores that describe a model on this task; the first one selects the best epoch.
    scores: tuple[str, ...]

    def fit(self, targets: Sequence[Any]) -> Self:
        """Learn labels or scale from the training targets."""

    def encode(self, targets: Sequence[Any]) -> Tensor:
        """Targets as a tensor whose first axis is the row.

        Raises:
            DataError: a target that training has not seen or that has another type.
        """

    def head(self, width: int) -> nn.Module:
        """A module [N, D] -> raw [N, C]."""

    def loss(self, raw: Float[Tensor, "N C"], target: Tensor) -> Float[Tensor, ""]:
        """The mean loss that training minimises."""

    def calibrate(self, raw: Float[Tensor, "N C"], target: Tensor) -> None:
        """Choose what makes probabilities honest, on rows that training has not used."""

    def probabilities(self, raw: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """What the answers are read from: calibrated probabilities, or values in the target's own unit."""

    def decode(self, raw: Float[Tensor, "N C"]) -> list[Answer]:
        """Answers in the user's terms."""

    def choose(self, raw: Float[Tensor, "N C"]) -> Tensor:
        """The choice that `focus` explains by default: what the model predicts."""

    def focus(self, raw: Float[Tensor, "N C"], choice: Tensor | None = None) -> Float[Tensor, "N"]:
        """The one number per row that is being explained: log-odds of the choice, or the value."""

    def state(self) -> dict[str, Any]:
        """Everything learned, as plain JSON values."""

    def restore(self, state: Mapping[str, Any]) -> Self:
        """The inverse of `state`, on a task made with the same options."""


class Averaging(Protocol):
    """What a task offers besides, if several models can answer together."""

    def average(self, raws: Float[Tensor, "M N C"]) -> Float[Tensor, "N C"]:
        """Raw numbers whose probabilities, before calibration, are the mean of those of the models; or the mean value.

        Probabilities are averaged first and calibrated afterwards (Rahaman and Thiery 2021, "Uncertainty Quantification
        and Deep Ensembles"): a mean of calibrated probabilities is not calibrated.
        """


class Grouping(Protocol):
    """What a task offers besides, if rows are learned and judged together: a batch holds whole groups."""

    def groups(self, targets: Sequence[Any]) -> Sequence[Hashable]:
        """For each row a label that it shares with all rows of its group."""
