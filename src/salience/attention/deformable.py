"""Deformable attention: each query looks at a few places around itself, and learns which (Zhu et al. 2021).

Legend: B examples, S positions, H heads, P points, A axes, D width, E width of a head (D / H).
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.heads import check_heads
from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels import grid as grids
from salience.kernels.masks import blank
from salience.kernels.points import Points
from salience.kernels.sample import read


class Deformable(nn.Module):
    r"""Weighted reads at learned offsets from each position, between positions where they fall there.

    Idea: a few well-chosen places tell a query as much as all of them; which ones depends on what it holds.

    Formula: :math:`y_t = W_o\,[\sum_{k=1}^P a^h_{tk}\,V^h(p_t + \Delta^h_{tk})]_h` with :math:`a^h_t =
    \mathrm{softmax}_k(W_a q_t + b_a),\ \Delta_t = W_\Delta q_t + b_\Delta` in positions, :math:`p_t` the place of the
    query, and :math:`V^h = W_v^h x + b_v` read linearly along each axis, zero outside of the grid.

    Cost: O(S D^2 + S P D 2^A) time, O(S P D 2^A) memory; it grows linearly with the number of positions.

    Weights: exact weights of positions: that of a point, shared among the positions around it. What a query reads
    outside of the grid is zeros, whose weight is lost, so that rows may sum to less than one. Scores do not compare
    query and source: a query looks where it expects something, not where it found it.

    Works badly when: what matters may be anywhere. Places are found by following the gradient of what lies next to
    them, so that far ones are found late or not at all.

    Reference: Zhu et al. 2021, "Deformable DETR: Deformable Transformers for End-to-End Object Detection", section 4.1;
    one scale, and queries that are the positions themselves.

    Args:
        heads: number of heads; divides the width.
        points: places that each head of a query reads.
        axes: of the grid in which positions lie: 1 for a sequence, 2 for an image.

    Raises:
        ConfigError: heads that do not divide the width, no points, or axes that are not 1 or 2.
        DataError: the positions lie in a grid of another number of axes.

    One head and one point half a position ahead: the first position reads half of itself and half of the second; the
    second, half of itself and half of what is outside.

    >>> from salience.core.batch import Layout
    >>> mechanism = Deformable(2, heads=1, points=1)
    >>> _ = mechanism.offsets.bias.data.fill_(0.5)
    >>> for each in (mechanism.value, mechanism.out):
    ...     _ = nn.init.eye_(each.weight)
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

    def __init__(self, width: int, *, heads: int = 4, points: int = 4, axes: int = 1) -> None:
        super().__init__()
        check_heads(self, width, heads)
        if points < 1:
            raise ConfigError(f"expected at least one point, got {points}", where="Deformable", fix="raise `points`")
        self.heads = heads
        self.points = points
        self.axes = grids.checked_axes(axes, most=2, where="Deformable")
        self.offsets = nn.Linear(width, heads * points * axes)
        self.weights = nn.Linear(width, heads * points)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self._start()

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
        grid = grids.extents(layout, axes=self.axes, where="Deformable attention")
        record = Points(self._places(query, grid), self._weights(query), layout=layout, grid=grid)
        values = self.value(query).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # [B, H, S, E]
        mixed = read(values, *record.sampled())
        return self.out(mixed.transpose(1, 2).flatten(2)), record

    def extra_repr(self) -> str:
        return f"heads={self.heads}, points={self.points}, axes={self.axes}"

    def _places(self, query: Float[Tensor, "B S D"], grid: tuple[int, ...]) -> Float[Tensor, "B H S P A"]:
        offsets = _exact(self.offsets(query)).unflatten(-1, (self.heads, self.points, self.axes)).transpose(1, 2)
        return grids.places(grid, query.device)[:, None].to(offsets.dtype) + offsets

    def _weights(self, query: Float[Tensor, "B S D"]) -> Float[Tensor, "B H S P"]:
        scores = _exact(self.weights(query)).unflatten(-1, (self.heads, self.points))
        return scores.softmax(dim=-1).transpose(1, 2)

    def _start(self) -> None:
        """Equal weights on points that lie 1, 2, ... positions away, each head in a direction of its own."""
        for each in (self.offsets, self.weights):
            nn.init.zeros_(each.weight)
        for each in (self.weights, self.value, self.out):
            nn.init.zeros_(each.bias)
        for each in (self.value, self.out):
            nn.init.xavier_uniform_(each.weight)
        angle = torch.arange(self.heads) * (2 * math.pi / self.heads)
        direction = torch.stack([angle.cos(), angle.sin()], dim=-1)
        if self.axes == 1:
            direction = 1.0 - 2.0 * (torch.arange(self.heads) % 2)[:, None]
        direction = direction / direction.abs().amax(dim=-1, keepdim=True)
        away = torch.arange(1, self.points + 1)
        with torch.no_grad():
            self.offsets.bias.copy_((direction[:, None] * away[:, None]).flatten())


def _exact(values: Tensor) -> Tensor:
    # Half precision tells places beyond 256 positions to whole ones only.
    return values.to(torch.promote_types(values.dtype, torch.float32))
