"""Adversarial training: learn each batch again, moved a small step in the direction that hurts most.

Legend: B rows, S positions, D width of the stems, C numbers per answer.

References: Goodfellow et al. 2015, "Explaining and Harnessing Adversarial Examples"; Miyato et al. 2017, "Adversarial
Training Methods for Semi-Supervised Text Classification"; Feng et al. 2019, "Enhancing Stock Movement Prediction with
Adversarial Training" (`at: pooled`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch
from salience.core.errors import ConfigError, NotAvailable
from salience.models.model import Model, Output

#: From raw numbers and targets to the mean loss; `task.loss`.
Loss = Callable[[Tensor, Tensor], Float[Tensor, ""]]
#: From what is moved to the answer.
Answer = Callable[[Sequence[Tensor]], Float[Tensor, "B C"]]

_PLACES = ("pooled", "embedded")


@dataclass(frozen=True, kw_only=True)
class Adversarial:
    r"""The loss of a row and that of the same row moved against it: :math:`l(e) + \beta\, l(e + \epsilon\, g / |g|)`.

    Here g is the gradient of the loss by e. The step itself is a constant: no gradient goes through g.
    """

    epsilon: float = 0.05
    """Length of the step of each row, in the unit of what is moved."""
    weight: float = 1.0
    """Beta: what the loss of the moved rows counts for."""
    at: str = "embedded"
    """What is moved: `embedded`, what the encoders read; or `pooled`, what the pools have seen."""

    def __post_init__(self) -> None:
        if self.epsilon <= 0 or self.weight <= 0:
            raise ConfigError(
                f"epsilon and weight must be above 0, got {self.epsilon:g} and {self.weight:g}",
                where="train.adversarial",
                fix="leave `adversarial` out to train without it",
            )
        if self.at not in _PLACES:
            raise ConfigError(
                f"there is no place '{self.at}' to move", where="train.adversarial", fix=f"known: {', '.join(_PLACES)}"
            )

    def __call__(self, model: nn.Module, batch: Batch, loss: Loss) -> tuple[Output, Float[Tensor, ""]]:
        """What the model gives for a batch as it is, and the loss of both.

        Raises:
            NotAvailable: the model has no pools.
        """
        assert batch.target is not None
        output, moved, answer = self._parts(model, batch)
        clean = loss(output.raw, batch.target)
        gradients = torch.autograd.grad(clean, moved, retain_graph=True)
        against = [each + step for each, step in zip(moved, steps(gradients, self.epsilon), strict=True)]
        return output, clean + self.weight * loss(answer(against), batch.target)

    def _parts(self, model: Any, batch: Batch) -> tuple[Output, list[Tensor], Answer]:
        """The output, what is moved, and how an answer is made of that."""
        # A stem without parameters gives numbers that nothing has asked a gradient of yet.
        embedded = {name: each.requires_grad_() if each.is_leaf else each for name, each in model.embed(batch).items()}
        if self.at == "embedded":
            columns = list(embedded)
            return (
                model.read(embedded, batch),
                list(embedded.values()),
                lambda moved: model.read(dict(zip(columns, moved, strict=True)), batch).raw,
            )
        if not isinstance(model, Model):
            raise NotAvailable(
                f"{type(model).__name__} has no pools, so nothing pooled can be moved",
                where="train.adversarial",
                fix="choose at: embedded",
            )
        vectors, records = model.look(embedded, batch)
        return Output(model.answer(vectors), records), vectors, model.answer


def steps(gradients: Sequence[Tensor], epsilon: float) -> list[Tensor]:
    """A step of length epsilon for each row, all columns together, along its gradient; none where that is zero.

    >>> [each.tolist() for each in steps([torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0]])], 5.0)]
    [[[3.0, 4.0]], [[0.0]]]
    """
    squares = torch.stack([each.square().flatten(1).sum(1) for each in gradients])
    scale = epsilon / squares.sum(0).sqrt().clamp(min=torch.finfo(squares.dtype).tiny)
    return [each * scale.view(-1, *[1] * (each.ndim - 1)) for each in gradients]
