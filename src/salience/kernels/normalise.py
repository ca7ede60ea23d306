"""From scores to weights: each function turns a row of scores into weights that sum to one over what is seen.

Legend: S sources.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def softmax(scores: Float[Tensor, "*rows S"], seen: Bool[Tensor, "*#rows S"]) -> Float[Tensor, "*rows S"]:
    r"""Softmax over the seen sources: :math:`e^{x_s} / \sum_{seen} e^{x}`.

    Unseen sources get exactly zero, and so does a whole row that sees nothing. What unseen scores hold, NaN included,
    reaches neither the weights nor the gradient.

    >>> softmax(torch.tensor([0.0, 0.0, 9.0]), torch.tensor([True, True, False]))
    tensor([0.5000, 0.5000, 0.0000])
    """
    # A finite lowest value, because a row of -inf would be NaN before it could be blanked.
    weights = torch.where(seen, scores, torch.finfo(scores.dtype).min).softmax(dim=-1)
    return torch.where(seen, weights, 0.0)
