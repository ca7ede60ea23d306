"""A record of nested windows: each query spreads its weight evenly over windows around itself, of several sizes.

Legend: B examples, S positions (queries and sources alike), L windows, A axes, R asked rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import grid as grids


class Windows(Attention):
    r"""Shares of windows, each spread evenly over the real positions inside: :math:`A_{ts} = \sum_l p_{tl}\,
    [s \in w_l(t)] / |w_l(t)|`.

    Window l holds the positions at most `reach[l]` away along every axis; the last one, beyond these, is the whole
    example. It holds S L numbers.
    """

    def __init__(
        self, shares: Float[Tensor, "B S L"], *, reach: Sequence[int], layout: Layout, grid: tuple[int, ...]
    ) -> None:
        shares = torch.where(layout.mask[..., None], shares, 0.0)
        #: How much of each query's weight is on each window.
        self.shares = shares.to(torch.promote_types(shares.dtype, torch.float32))
        self._reach = tuple(reach)
        self._layout = layout
        self._grid = grid
        self.shape = (len(layout.lengths), 1, layout.size, layout.size)
        self.asked = layout.lengths
        self.normalised = True

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        each = self._each()
        places = grids.places(self._grid, each.device)
        distance = (places[index][:, None] - places).abs().amax(dim=-1)  # [R, S]
        near = [distance <= reach for reach in self._reach]
        near.append(torch.ones_like(distance, dtype=torch.bool))
        inside = torch.stack(near, dim=-1).to(each.dtype)  # [R, S, L]
        # Autocast would round the weights to half precision.
        with torch.autocast(each.device.type, enabled=False):
            rows = torch.einsum("brl,rsl->brs", each[:, index], inside)
        return torch.where(self._real(), rows, 0.0)[:, None]

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        """As for every record. A window around a query is one around the source: sums over windows, O(S) each."""
        each = self._each()
        weights = self.uniform(each.dtype) if query_weights is None else query_weights.to(each.dtype)
        given = each * weights[..., None]
        total = given[..., -1:].sum(dim=1, keepdim=True)
        for number, reach in enumerate(self._reach):
            total = total + _summed(given[..., number : number + 1], reach, self._grid)
        return torch.where(self._real(), total.transpose(1, 2), 0.0)

    def _each(self) -> Float[Tensor, "B S L"]:
        """The weight of one position of each window."""
        real = self._layout.mask[..., None].to(self.shares.dtype)
        sizes = [_summed(real, reach, self._grid) for reach in self._reach]
        sizes.append(real.sum(dim=1, keepdim=True).expand_as(real))
        return self.shares / torch.cat(sizes, dim=-1).clamp(min=1)

    def _real(self) -> Bool[Tensor, "B 1 S"]:
        return self._layout.mask[:, None]


def _summed(values: Float[Tensor, "B S 1"], reach: int, grid: tuple[int, ...]) -> Float[Tensor, "B S 1"]:
    """The sum over the window around each position, one axis after the other."""
    if not values.shape[1]:
        return values
    maps = grids.spread(values, grid)
    for axis in range(2, maps.ndim):
        last = maps.movedim(axis, -1)
        # Not the difference of two running sums, which would lose digits.
        maps = F.pad(last, (reach, reach)).unfold(-1, 2 * reach + 1, 1).sum(dim=-1).movedim(-1, axis)
    return grids.flat(maps)
