"""Positions that lie in rows: from a flat axis of positions to the axes of a grid, and back.

Legend: B examples, S positions, A axes, D width.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError

_NAMES = {1: "a sequence", 2: "an image", 3: "frames of images"}


def checked_axes(axes: int, *, most: int, where: str) -> int:
    """The number of axes of a mechanism.

    Raises:
        ConfigError: not from 1 to `most`.
    """
    if not 1 <= axes <= most:
        known = ", ".join(f"{number} for {name}" for number, name in _NAMES.items() if number <= most)
        raise ConfigError(f"expected 1 to {most} axes, got {axes}", where=where, fix=f"write `axes`: {known}")
    return axes


def extents(layout: Layout, *, axes: int, where: str) -> tuple[int, ...]:
    """The extents of the grid, slowest first; without a grid positions are a sequence, the grid (S,).

    Raises:
        DataError: the grid has another number of axes than `axes`, does not hold the positions of the layout, or an
            example ends inside a line.
    """
    grid = (layout.size,) if layout.grid is None else layout.grid
    if len(grid) != axes:
        raise DataError(
            f"{where} was made for a grid of {axes} axes, and the positions lie in one of {len(grid)}",
            where=f"a layout with the grid {grid}",
            fix=f"make it with `axes={len(grid)}`" if len(grid) in _NAMES else "give data with 1 to 3 axes",
        )
    if math.prod(grid) != layout.size:
        raise DataError(
            f"a grid of {' x '.join(map(str, grid))} has {math.prod(grid)} positions, the layout {layout.size}",
            where=where,
            fix="give the extents of the longest example, slowest first, as in (height, width)",
        )
    line = math.prod(grid[1:])
    # A compiled graph cannot look at numbers.
    if line > 1 and not torch.compiler.is_compiling() and bool((layout.lengths % line).any()):
        raise DataError(
            f"lengths {layout.lengths.tolist()[:8]} are not all multiples of {line}, the positions of one line",
            where=f"{where}, a layout with the grid {grid}",
            fix="an example may be shorter along the first axis of the grid only; fill its other axes up",
        )
    return grid


def lines(layout: Layout, grid: tuple[int, ...]) -> Int[Tensor, "B"]:
    """How far each example reaches along the first axis."""
    return layout.lengths // max(1, math.prod(grid[1:]))


def spread(values: Float[Tensor, "B S D"], grid: tuple[int, ...]) -> Float[Tensor, "B D *grid"]:
    """Channels first and the axes of the grid last, as convolutions want it."""
    return values.transpose(1, 2).unflatten(2, grid)


def flat(maps: Float[Tensor, "B D *grid"]) -> Float[Tensor, "B S D"]:
    """The way back."""
    return maps.flatten(2).transpose(1, 2)


def convolved(
    convolution: Callable[[Tensor], Tensor], values: Float[Tensor, "B S D"], grid: tuple[int, ...]
) -> Float[Tensor, "B S C"]:
    """What a convolution, which has to keep the extents of the grid, makes of these values."""
    if not math.prod(grid):
        # A kernel larger than the grid and its borders is an error in torch, even where nothing is asked.
        grid, nothing = (1,) * len(grid), values.new_zeros(values.shape[0], 1, values.shape[2])
        return flat(convolution(spread(nothing, grid)))[:, :0]
    return flat(convolution(spread(values, grid)))


def places(grid: tuple[int, ...], device: torch.device) -> Int[Tensor, "S A"]:
    """Where each position lies, counted from 0 along each axis.

    >>> places((2, 2), torch.device("cpu"))
    tensor([[0, 0],
            [0, 1],
            [1, 0],
            [1, 1]])
    """
    axes = torch.meshgrid([torch.arange(extent, device=device) for extent in grid], indexing="ij")
    return torch.stack([axis.flatten() for axis in axes], dim=-1)
