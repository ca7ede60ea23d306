"""Who may look at whom: masks are True where a query may look at a source, and are combined with `&`.

Legend: B examples, S sources, T queries, R asked rows, D width.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.errors import DataError


def padding(index: Int[Tensor, "R"], *, layout: Layout, query_layout: Layout) -> Bool[Tensor, "B R S"]:
    """Real queries look at real sources. `index` holds the asked queries."""
    real = index < query_layout.lengths[:, None]  # [B, R]
    return real[:, :, None] & layout.mask[:, None, :]


def causal(index: Int[Tensor, "R"], *, size: int) -> Bool[Tensor, "R S"]:
    """Nobody looks ahead: query t sees the sources 0 to t, of `size` sources.

    >>> causal(torch.tensor([0, 1]), size=3)
    tensor([[ True, False, False],
            [ True,  True, False]])
    """
    return torch.arange(size, device=index.device) <= index[:, None]


def blank(values: Float[Tensor, "B *heads S D"], layout: Layout) -> Float[Tensor, "B *heads S D"]:
    """The same values, with zeros at padded positions: what stood there reaches neither results nor gradients.

    A mask alone is not enough, since zero times NaN is NaN.

    Raises:
        DataError: the layout describes another number of examples or positions.
    """
    found = (values.shape[0], values.shape[-2])
    described = (len(layout.lengths), layout.size)
    if found != described:
        raise DataError(
            f"the layout describes {described[0]} examples of {described[1]} positions, "
            f"the tensor has {found[0]} of {found[1]}",
            where=f"values of shape {tuple(values.shape)}",
            fix="give the layout that belongs to these values: `layout` for sources, `query_layout` for queries",
        )
    real = layout.mask.view(found[0], *[1] * (values.ndim - 3), found[1], 1)
    return torch.where(real, values, 0.0)


def unpadded(values: Float[Tensor, "B *heads T D"]) -> Layout:
    """The layout of values that are all real."""
    batch, size = values.shape[0], values.shape[-2]
    return Layout(torch.full((batch,), size, device=values.device), size)
