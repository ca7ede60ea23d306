"""The length of vectors, with a gradient where it is zero."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def length(values: Float[Tensor, "*some D"]) -> Float[Tensor, "*some"]:
    r"""The Euclidean length, :math:`\sqrt{\sum_d x_d^2}`, at least in float32. Its gradient at zero is zero.

    >>> length(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([5., 0.])
    """
    squares = values.to(torch.promote_types(values.dtype, torch.float32)).square().sum(dim=-1)
    return torch.where(squares == 0, 0.0, torch.where(squares == 0, 1.0, squares).sqrt())
