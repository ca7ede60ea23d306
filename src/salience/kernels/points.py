"""A record of places: each query looked at a few points of a grid, which may lie between its positions.

Legend: B examples, H heads, T queries, S positions, R asked rows, P points, A axes, C corners of a point.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.kernels import grid as grids
from salience.kernels.sample import corners
from salience.kernels.sparse import Entries, Sparse


class Points(Sparse):
    """Where each query looked, and how much at each place.

    Rows share the weight of each point among the positions around it, as reading it does, so that they are the weights
    with which positions entered the output. What falls outside of the grid, or on padding, reads zeros and is in no
    row: rows may sum to less than one.
    """

    def __init__(
        self,
        places: Float[Tensor, "B H T P A"],
        weights: Float[Tensor, "B H T P"],
        *,
        layout: Layout,
        grid: tuple[int, ...],
    ) -> None:
        batch, heads, queries, _ = weights.shape
        #: Counted in positions along each axis of the grid, from 0.
        self.places = places
        #: Of each point, before anything is lost outside; zero for padded queries.
        self.point_weights = torch.where(layout.mask[:, None, :, None], weights, 0.0)
        self._layout = layout
        self._grid = grid
        self.shape = (batch, heads, queries, layout.size)
        self.asked = layout.lengths
        self.normalised = False

    def entries(self, index: Int[Tensor, "R"] | None = None) -> Entries:
        source, weight = self.sampled(index)
        row = torch.arange(weight[..., 0].numel(), device=weight.device)
        return Entries(row.repeat_interleave(weight.shape[3]), source.flatten(), weight.flatten())

    def sampled(self, index: Int[Tensor, "R"] | None = None) -> tuple[Int[Tensor, "B H R N"], Float[Tensor, "B H R N"]]:
        """The positions that each query reads, N = P C of them, and with which weights."""
        chosen = slice(None) if index is None else index
        places, weights = self.places[:, :, chosen], self.point_weights[:, :, chosen]
        source, weight = corners(places, grid=self._grid, lines=grids.lines(self._layout, self._grid))
        return source.flatten(3), (weight * weights[..., None]).flatten(3)
