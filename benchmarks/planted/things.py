"""Things with a colour and a shape, as vectors: what all planted tasks are made of.

Legend: B inputs, S elements, T queries, F features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.batch import Layout

COLOURS = ("red", "blue", "green", "yellow", "black", "white", "brown", "pink")
SHAPES = ("cup", "hat", "key", "ball")
RED = 0
FEATURES = 24
# Spread of the noise on each feature, beside features of variance one for the colour and one for the shape.
NOISE = 0.3

_GENERATOR = torch.Generator().manual_seed(20)
LOOK_OF_COLOUR = torch.randn(len(COLOURS), FEATURES, generator=_GENERATOR)
LOOK_OF_SHAPE = torch.randn(len(SHAPES), FEATURES, generator=_GENERATOR)


@dataclass(frozen=True)
class Inputs:
    """A batch of inputs. The answer is the shape of what is planted: one element, or several of the same shape."""

    colour: Int[Tensor, "B S"]
    shape: Int[Tensor, "B S"]
    values: Float[Tensor, "B S F"]
    layout: Layout
    planted: Bool[Tensor, "B S"]
    #: How much the outcome of each query counts; sums to one.
    asked: Float[Tensor, "B T"]
    #: What asks, where it is not the elements themselves.
    query: Float[Tensor, "B T F"] | None = None
    query_layout: Layout | None = None
    query_colour: Int[Tensor, "B T"] | None = None
    query_shape: Int[Tensor, "B T"] | None = None

    @property
    def answer(self) -> Int[Tensor, "B"]:
        first = self.planted.int().argmax(dim=1, keepdim=True)
        return self.shape.gather(1, first)[:, 0]


def looks(colour: Int[Tensor, "B S"], shape: Int[Tensor, "B S"], chance: torch.Generator) -> Float[Tensor, "B S F"]:
    """How things look: colour and shape are added, and noise, so that no two things look the same."""
    seen = LOOK_OF_COLOUR[colour] + LOOK_OF_SHAPE[shape]
    return seen + NOISE * torch.randn(seen.shape, generator=chance)


def somewhere(allowed: Bool[Tensor, "B S"], chance: torch.Generator) -> Bool[Tensor, "B S"]:
    """One of the allowed places of each input, each as likely as the others; if none is allowed, the first."""
    drawn = torch.rand(allowed.shape, generator=chance).masked_fill(~allowed, -1)
    return torch.zeros_like(allowed).scatter(1, drawn.argmax(dim=1, keepdim=True), True)


def of_similar_length(count: int, size: int, chance: torch.Generator, *, full: bool) -> Layout:
    """Inputs with between half as many elements as `size` and all of them, or, if `full`, all."""
    least = size if full else (size + 1) // 2
    return Layout(torch.randint(least, size + 1, (count,), generator=chance), size)


def all_alike(layout: Layout) -> Float[Tensor, "B S"]:
    """Every real element counts the same."""
    return layout.mask / layout.lengths[:, None]
