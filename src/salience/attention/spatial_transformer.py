"""Spatial transformer: the whole grid is read anew, shifted, turned and stretched as it needs (Jaderberg et al. 2015).

Legend: B examples, S positions, A axes, D width.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels import grid as grids
from salience.kernels.masks import blank
from salience.kernels.points import Points
from salience.kernels.sample import read


class SpatialTransformer(nn.Module):
    r"""One affine map for each example says which place each position reads.

    Idea: bring what matters to where the next layer expects it: cut out, centred, upright.

    Formula: :math:`y_t = x(\theta\,[c_t; 1])`, where :math:`c_t` is the place of a position, from -1 to 1 along each
    axis of its example, x is read linearly along each axis, zero outside of the grid, and :math:`\theta = [I\ 0] + V h
    + d,\ h = \frac{1}{n} \sum_s \mathrm{ReLU}(W [x_s; c_s] + b)` over the n real positions. At the start V and d are
    zero, and the grid is read as it is.

    Cost: O(S D (hidden + 2^A)) time, O(S (D 2^A + hidden)) memory.

    Weights: exact weights of positions: those around the place that a position reads. What falls outside of the grid
    reads zeros, and its weight is lost, so that rows may sum to less than one. By what :math:`\theta` was decided is
    not in them. `record.places` holds the places themselves.

    Works badly when: several things matter that one affine map cannot bring together, or the map has to jump far: its
    gradient is that of neighbouring positions.

    Reference: Jaderberg et al. 2015, "Spatial Transformer Networks", section 3; the localisation network is the mean of
    a hidden layer that reads each position with its place, so that it fits grids of any size.

    Args:
        axes: of the grid in which positions lie: 1 for a sequence, 2 for an image.
        hidden: units of the layer that decides; `width` by default.

    Raises:
        ConfigError: axes that are not 1 or 2, or no hidden units.
        DataError: the positions lie in a grid of another number of axes.

    Two positions, of places -0.5 and 0.5, and a shift of 0.5, which is half a position: the first reads half of itself
    and half of the second; the second, half of itself and half of what is outside.

    >>> from salience.core.batch import Layout
    >>> mechanism = SpatialTransformer(2)
    >>> _ = mechanism.affine.bias.data.copy_(torch.tensor([0.0, 0.5]))
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> output, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, 0].detach())
    tensor([[0.5000, 0.5000],
            [0.0000, 0.5000]])
    >>> print(output[0].detach())
    tensor([[2.0000, 3.0000],
            [1.5000, 2.0000]])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(self, width: int, *, axes: int = 1, hidden: int | None = None) -> None:
        super().__init__()
        hidden = width if hidden is None else hidden
        if hidden < 1:
            raise ConfigError(
                f"expected at least one hidden unit, got {hidden}", where="SpatialTransformer", fix="raise `hidden`"
            )
        self.axes = grids.checked_axes(axes, most=2, where="SpatialTransformer")
        self.look = nn.Linear(width + axes, hidden)
        self.affine = nn.Linear(hidden, axes * (axes + 1))
        for each in (self.affine.weight, self.affine.bias):
            nn.init.zeros_(each)

    def forward(
        self,
        query: Float[Tensor, "B S D"],
        source: Float[Tensor, "B S2 D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B S D"], Attention]:
        only_among_themselves(self, source, query_layout)
        query = blank(query, layout)
        grid = grids.extents(layout, axes=self.axes, where="SpatialTransformer attention")
        own, extents, around = _placed(layout, grid, torch.promote_types(query.dtype, torch.float32))
        change = self._change(query, around, layout).to(own.dtype)  # [B, A, A + 1]
        # Only what differs from the identity is computed, so that the identity is exact.
        moved = (change[:, None, :, :-1] * around[:, :, None]).sum(dim=-1) + change[:, None, :, -1]
        places = (own + moved * extents[:, None] / 2)[:, None, :, None]  # [B, 1, S, 1, A]
        record = Points(places, torch.ones_like(places[..., 0]), layout=layout, grid=grid)
        return read(query[:, None], *record.sampled())[:, 0], record

    def extra_repr(self) -> str:
        return f"axes={self.axes}"

    def _change(
        self, query: Float[Tensor, "B S D"], around: Float[Tensor, "B S A"], layout: Layout
    ) -> Float[Tensor, "B A A1"]:
        read = torch.relu(self.look(torch.cat([query, around.to(query.dtype)], dim=-1)))
        mean = blank(read, layout).sum(dim=1) / layout.lengths.clamp(min=1)[:, None]
        return self.affine(mean).unflatten(-1, (self.axes, self.axes + 1))


def _placed(
    layout: Layout, grid: tuple[int, ...], dtype: torch.dtype
) -> tuple[Float[Tensor, "S A"], Float[Tensor, "B A"], Float[Tensor, "B S A"]]:
    """Places counted in positions, the extents of each example, and places from -1 to 1 along the axes of each."""
    own = grids.places(grid, layout.lengths.device).to(dtype)
    lines = grids.lines(layout, grid)
    extents = torch.stack([lines, *(torch.full_like(lines, extent) for extent in grid[1:])], dim=-1)
    extents = extents.clamp(min=1).to(dtype)
    return own, extents, (2 * own + 1) / extents[:, None] - 1
