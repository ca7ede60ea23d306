"""The planted tasks, one for each kind of data: find the red thing, wherever it is, and say what it is.

Every element has a colour and a shape. The shapes of all elements but the planted are drawn at random, so that nothing
else tells the answer; the mean of all elements tells which colours and which shapes there are, but not what belongs to
what.

Legend: B inputs, S elements, T queries.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import torch
from jaxtyping import Bool
from torch import Tensor

from benchmarks.planted.things import COLOURS, RED, SHAPES, Inputs, all_alike, looks, of_similar_length, somewhere
from salience.core.batch import Layout


class Task(Protocol):
    """Draws inputs of up to `size` elements, half as many at least; the same state of chance gives the same inputs."""

    __name__: str

    def __call__(self, count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
        """`full` draws inputs that all have `size` elements."""


def sequence(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """A sequence with one red thing, or two of the same shape. What is it?"""
    layout = of_similar_length(count, size, chance, full=full)
    return _painted(layout, somewhere(layout.mask, chance) | somewhere(layout.mask, chance), chance)


def headed(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """A sequence with one red thing, or two of the same shape, and its first element is asked. What is it?"""
    inputs = sequence(count, chance, size=size, full=full)
    return replace(inputs, asked=torch.eye(size)[:1].expand(count, -1))


def document(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """Sentences of four elements, with a red thing in one of them. What is it?"""
    layout = of_similar_length(count, size, chance, full=full)
    layout = replace(layout, groups=torch.where(layout.mask, torch.arange(size) // 4, -1))
    return _painted(layout, somewhere(layout.mask, chance), chance)


def pair(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """Three samples of one colour, and a sequence with one thing of that colour. What is it?"""
    layout = of_similar_length(count, size, chance, full=full)
    inputs = _painted(layout, somewhere(layout.mask, chance), chance)
    # Turning the circle of colours makes any of them the asked one, with the same right to be asked.
    turn = torch.randint(len(COLOURS), (count, 1), generator=chance)
    colour = (inputs.colour + turn) % len(COLOURS)
    samples = torch.randint(len(SHAPES), (count, 3), generator=chance)
    asking = Layout(torch.full((count,), 3), 3)
    return replace(
        inputs,
        colour=colour,
        values=looks(colour, inputs.shape, chance),
        query_colour=(turn + RED).expand(-1, 3),
        query_shape=samples,
        query=looks((turn + RED).expand(-1, 3), samples, chance),
        query_layout=asking,
        asked=all_alike(asking),
    )


def series(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """Things seen at times in no order, three red ones long ago and one of late. What was the red one of late?"""
    layout = of_similar_length(count, size, chance, full=full)
    times = torch.where(layout.mask, size * torch.rand(count, size, generator=chance), 0.0)
    last = times.argmax(dim=1, keepdim=True)
    ago = times.gather(1, last) - times
    planted = somewhere(layout.mask & (ago < size / 4), chance)
    inputs = _painted(
        replace(layout, times=times), planted, chance, decoys=_some(layout.mask & (ago > size / 2), 3, chance)
    )
    return replace(inputs, asked=torch.zeros_like(times).scatter(1, last, 1.0))


def image(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """An image with one red patch. What shape does it have?"""
    side = int(size**0.5)
    layout = _grid((side, side), of_similar_length(count, side, chance, full=full))
    return _painted(layout, somewhere(layout.mask, chance), chance)


def film(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """Two to four frames of patches; one patch is red in one frame. What shape does it have?"""
    side = int((size / 4) ** 0.5)
    layout = _grid((4, side, side), of_similar_length(count, 4, chance, full=full))
    return _painted(layout, somewhere(layout.mask, chance), chance)


def graph(count: int, chance: torch.Generator, *, size: int, full: bool = False) -> Inputs:
    """A graph with four red things, one of which is a neighbour of the thing that is asked. What is this one?"""
    layout = of_similar_length(count, size, chance, full=full)
    asked, planted = _two_places(layout, chance)
    near = torch.rand(count, size, size, generator=chance) < 4 / size
    near |= asked[:, :, None] & planted[:, None]
    near |= near.transpose(1, 2) | torch.eye(size, dtype=torch.bool)
    near &= layout.mask[:, :, None] & layout.mask[:, None]
    around = (near & asked[:, :, None]).any(dim=1)  # [B, S]
    example, query, source = near.nonzero().unbind(-1)
    layout = replace(layout, edges=torch.stack([example * size + source, example * size + query]))
    inputs = _painted(layout, planted, chance, decoys=_some(layout.mask & ~around, 3, chance))
    return replace(inputs, asked=asked.float())


def _painted(
    layout: Layout, planted: Bool[Tensor, "B S"], chance: torch.Generator, *, decoys: Bool[Tensor, "B S"] | None = None
) -> Inputs:
    """Things of random looks; what is planted is red and of one shape, decoys are red. All elements are asked alike."""
    places = planted.shape
    red = planted if decoys is None else planted | decoys
    colour = torch.randint(RED + 1, len(COLOURS), places, generator=chance).masked_fill(red, RED)
    shape = torch.randint(len(SHAPES), places, generator=chance)
    shape = torch.where(planted, torch.randint(len(SHAPES), (places[0], 1), generator=chance), shape)
    return Inputs(colour, shape, looks(colour, shape, chance), layout, planted, all_alike(layout))


def _grid(grid: tuple[int, ...], rows: Layout) -> Layout:
    """A grid of which each input has some rows, or frames."""
    each = math.prod(grid[1:])
    return Layout(rows.lengths * each, rows.size * each, grid=grid)


def _some(allowed: Bool[Tensor, "B S"], number: int, chance: torch.Generator) -> Bool[Tensor, "B S"]:
    """`number` different allowed places of each input, or all if there are not so many."""
    chosen = torch.zeros_like(allowed)
    for _ in range(number):
        chosen |= somewhere(allowed & ~chosen, chance)
    return chosen & allowed


def _two_places(layout: Layout, chance: torch.Generator) -> tuple[Bool[Tensor, "B S"], Bool[Tensor, "B S"]]:
    first = somewhere(layout.mask, chance)
    return first, somewhere(layout.mask & ~first, chance)
