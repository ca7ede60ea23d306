"""What would a model answer if it looked elsewhere? Everything before its last looks is computed once, and kept.

A look has weights for each of its queries, says which sources each query may see, and knows what follows from other
weights. Pools have one query; a network that forecasts has one for each step of its horizon, a layer along edges one
for each node, which chooses among the edges that lead to it. Models, networks, encoders and pools say their own.

Legend: B examples, H heads, T queries, S sources, K starts, C numbers per answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.core.batch import Batch
from salience.core.errors import NotAvailable

Weights = Float[Tensor, "B H T S"]


@dataclass(frozen=True)
class Look:
    """Where queries look by themselves, and where else they could.

    The rows of `weights` need not sum to one, but what stands for them keeps their sums; they are zero where `seen` is
    not. `counts` says how much of the answer each query holds; without it all of an example count alike.
    """

    weights: Weights
    seen: Bool[Tensor, "B T S"]
    counts: Float[Tensor, "B T"] | None = None

    def equal(self) -> Weights:
        """The same sums, shared equally by all sources that a query sees.

        >>> look = Look(torch.tensor([[[[0.7, 0.3, 0.0]]]]), torch.tensor([[[True, True, False]]]))
        >>> look.equal()
        tensor([[[[0.5000, 0.5000, 0.0000]]]])
        """
        seen = self.seen[:, None].to(self.weights.dtype)
        return self.weights.sum(-1, keepdim=True) * seen / seen.sum(-1, keepdim=True).clamp(min=1)

    def shuffled(self, generator: torch.Generator) -> Weights:
        """The weights of each query dealt out anew among the sources it sees, the same for all heads."""
        draws = torch.rand(self.seen.shape, generator=generator).to(self.weights.device)
        dealt = self._across(draws.masked_fill(~self.seen, 2.0).argsort(-1))
        places = self._across((~self.seen).long().argsort(dim=-1, stable=True))
        return torch.zeros_like(self.weights).scatter(-1, places, self.weights.gather(-1, dealt))

    def normalised(self, logits: Float[Tensor, "*K B H T S"]) -> Float[Tensor, "*K B H T S"]:
        """The softmax of logits over the sources that a query sees, with the sums of the own weights."""
        seen = self.seen[:, None]
        # Logits of a query that sees nothing stay finite, and its weights are zero.
        shares = logits.masked_fill(~seen, torch.finfo(logits.dtype).min).softmax(-1) * seen
        return shares * self.weights.sum(-1, keepdim=True)

    def over_queries(self, values: Float[Tensor, "*K B T"], *, least: int = 1) -> Float[Tensor, "*K B"]:
        """The mean over queries that see so many sources at least, by how much they count; zero where there are none.

        With two or more a query has a choice.
        """
        real = (self.seen.sum(-1) >= least).to(values.dtype)
        counts = real if self.counts is None else real * self.counts.to(values.dtype)
        total = counts.sum(-1)
        return (values * counts).sum(-1) / torch.where(total > 0, total, 1.0)

    def _across(self, index: Tensor) -> Tensor:
        return index[:, None].expand_as(self.weights)


@dataclass(frozen=True)
class LastLook:
    """The looks of a model at a batch, and what it answers if it looked elsewhere.

    >>> found = last_look(model, batch)  # doctest: +SKIP
    >>> found.told([each.equal() for each in found.looks])  # doctest: +SKIP
    """

    looks: tuple[Look, ...]
    #: From one set of weights per look to what follows: of a model its raw answer [B, C].
    told: Callable[[Sequence[Tensor]], Any]
    #: What a reader has to know of the looks, if they are not where the importance of the model comes from.
    note: str = ""

    @property
    def weights(self) -> list[Tensor]:
        """What each look does by itself."""
        return [each.weights for each in self.looks]

    def then(self, follows: Callable[[Any], Any]) -> LastLook:
        """The same looks, and what follows from what they give."""
        return LastLook(self.looks, lambda weights: follows(self.told(weights)), self.note)

    @classmethod
    def together(cls, parts: Sequence[LastLook]) -> LastLook:
        """The looks of several parts side by side; what follows is a list, one for each part."""

        def told(weights: Sequence[Tensor]) -> list[Any]:
            left = iter(weights)
            return [part.told([next(left) for _ in part.looks]) for part in parts]

        notes = dict.fromkeys(each.note for each in parts if each.note)
        return cls(tuple(look for each in parts for look in each.looks), told, "; ".join(notes))


@runtime_checkable
class Looking(Protocol):
    """A model that can be told to look elsewhere."""

    def last_look(self, batch: Batch) -> LastLook:
        """Where it looks last.

        Raises:
            NotAvailable: what it answers is no function of where it looks.
        """


def last_look(model: object, batch: Batch) -> LastLook:
    """Where a model looks last, and what it would answer if it looked elsewhere.

    Raises:
        NotAvailable: the model is none of ours, or what it answers is no function of where it looks.
    """
    if not isinstance(model, Looking):
        raise NotAvailable(
            f"{type(model).__name__} has no pool that could be given other weights",
            fix="ask a model that was made by salience",
        )
    return model.last_look(batch)
