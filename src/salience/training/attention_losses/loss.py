"""What an attention loss is: it compares where a model looked with where it should, row by row.

Legend: R rows that have a target, S positions.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn

from salience.core.errors import ConfigError
from salience.training.looked import Looked


@dataclass(frozen=True, kw_only=True)
class AttentionLoss(ABC):
    """One term of the training loss: `weight` times the mean over the rows that have a target.

    Which attention is meant: by default the weight of each position in the pooled vector, averaged over heads, which is
    also what `Received` shows as importance.

    Args:
        weight: what the mean is multiplied by.
        layer: the number of a record from input to output, from 0; the attention is then what its sources received.
        head: the number of a head, from 0; by default the mean over heads.
    """

    #: What the target is: `"marks"` of people, an `"importance"` of the model itself, or `"nothing"`.
    target: ClassVar[str] = "marks"
    #: Whether `weight` may be below zero, so that what is said is unlearned.
    either_sign: ClassVar[bool] = False

    weight: float = 1.0
    layer: int | None = None
    head: int | None = None

    def __post_init__(self) -> None:
        problems = list(self.problems())
        if problems:
            raise ConfigError("; ".join(problems), where=f"train.attention_loss, {type(self).__name__}")

    def problems(self) -> list[str]:
        """What is wrong with the options, one sentence each."""
        found = []
        if not math.isfinite(self.weight) or (self.weight < 0 and not self.either_sign):
            found.append(f"weight must be 0 or more, got {self.weight}")
        found += [
            f"{name} must be 0 or more, got {number}"
            for name, number in (("layer", self.layer), ("head", self.head))
            if number is not None and number < 0
        ]
        return found

    def readout(self) -> nn.Module:
        """What the loss learns beside the model, if anything: `looked.readout` in the call."""
        return nn.Identity()

    def has_target(self, target: Float[Tensor, "R S"], mask: Bool[Tensor, "R S"]) -> Bool[Tensor, "R"]:  # noqa: ARG002
        """Which rows the target says something about; the others are left out, also of the mean."""
        return (target > 0).any(-1)

    @abstractmethod
    def __call__(self, looked: Looked, target: Float[Tensor, "R S"]) -> Float[Tensor, "R"]:
        """The loss of each row.

        Args:
            looked: the attention; only rows for which `has_target` is true.
            target: how strongly each position is marked: the share of annotators who did, or a share of an importance.
                Zero on padding.
        """


def shares(target: Float[Tensor, "R S"]) -> Float[Tensor, "R S"]:
    """The target, scaled to sum to one."""
    return target / target.sum(-1, keepdim=True)
