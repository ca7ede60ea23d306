"""Reading a grid between its positions: linear in each axis (bilinear for two), and zero outside of what is real.

Legend: B examples, H heads, S positions, T queries, P places, A axes, C corners (2^A), D channels.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def corners(
    places: Float[Tensor, "B *some A"], *, grid: tuple[int, ...], lines: Int[Tensor, "B"]
) -> tuple[Int[Tensor, "B *some C"], Float[Tensor, "B *some C"]]:
    r"""The positions around each place and how much of each is read there: :math:`\prod_a \max(0, 1 - |p_a - c_a|)`.

    Places are counted in positions along each axis, from 0. `lines` says how far each example reaches along the first
    axis of `grid`. A corner that is not there has weight zero, so that the weights of a place sum to one inside of the
    grid, and to less from its last positions outwards. On a position the gradient is that towards the next one.

    >>> corners(torch.tensor([[[0.25], [2.5]]]), grid=(3,), lines=torch.tensor([3]))
    (tensor([[[0, 1],
             [2, 2]]]), tensor([[[0.7500, 0.2500],
             [0.5000, 0.0000]]]))
    """
    index = torch.zeros((*places.shape[:-1], 1), dtype=torch.int64, device=places.device)
    weight = torch.ones_like(places[..., :1])
    for axis, extent in enumerate(grid):
        end = torch.full_like(lines, extent) if axis else lines
        end = end.view(-1, *[1] * (places.ndim - 2)).to(places.dtype)
        # What lies further out reads nothing either, and may be too far away to count.
        place = places[..., axis].clamp(min=-1)
        place = torch.where(place > end, end, place)
        low = place.floor()
        at = torch.stack([low, low + 1], dim=-1)
        outside = (at < 0) | (at >= end[..., None])
        part = torch.where(outside, 0.0, torch.stack([low + 1 - place, place - low], dim=-1))
        at = at.clamp(0, max(0, extent - 1)).long().clamp(0, max(0, extent - 1))
        index = (index[..., None] * extent + at[..., None, :]).flatten(-2)
        weight = (weight[..., None] * part[..., None, :]).flatten(-2)
    return index, weight


def read(
    values: Float[Tensor, "B H S D"], index: Int[Tensor, "B H T P"], weight: Float[Tensor, "B H T P"]
) -> Float[Tensor, "B H T D"]:
    """What each query reads: the weighted sum of the values at its indices. Sums have the precision of the weights."""
    batch, heads, size, width = values.shape
    first = torch.arange(batch * heads, device=values.device).view(batch, heads, 1, 1) * size
    # Rows of one long table, because the gradient of `index_select` can be made repeatable on every device.
    found = values.flatten(0, 2).index_select(0, (index + first).flatten())
    found = found.view(*index.shape, width).to(weight.dtype)
    return (found * weight[..., None]).sum(dim=-2).to(values.dtype)
