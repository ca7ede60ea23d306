r"""Attention as the textbook writes it: the specification that every faster kernel is compared with, in float64.

Legend: B examples, H heads, T queries, S sources, E width of a head, F width of a value.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def attention(
    query: Float[Tensor, "B H T E"],
    key: Float[Tensor, "B H S E"],
    value: Float[Tensor, "B H S F"],
    seen: Bool[Tensor, "B T S"],
    *,
    scale: float | None = None,
    bias: Float[Tensor, "#B #H #T S"] | None = None,
) -> tuple[Float[Tensor, "B H T F"], Float[Tensor, "B H T S"]]:
    r"""The output and all weights: :math:`A = \mathrm{softmax}(c\,q k^\top),\ o = A v`, over seen sources only.

    `seen` is True where a query may look at a source. A query that sees nothing gives zeros; a source that no query
    sees may hold anything, NaN included. `scale` is c, 1/sqrt(E) by default. A `bias` is added to the scaled scores.
    """
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    used = seen.any(dim=1)[:, None, :, None]
    key, value = torch.where(used, key, 0.0), torch.where(used, value, 0.0)
    scores = scale * torch.einsum("bhte,bhse->bhts", query, key)
    weights = softmax(scores if bias is None else scores + bias, seen[:, None])
    return torch.einsum("bhts,bhse->bhte", weights, value), weights


def softmax(scores: Float[Tensor, "B H T S"], seen: Bool[Tensor, "B 1 T S"]) -> Float[Tensor, "B H T S"]:
    r"""Each seen source's share of the exponentials: :math:`e^{x_s} / \sum_{seen} e^{x}`; zeros if nothing is seen."""
    highest = torch.where(seen, scores, -torch.inf).amax(dim=-1, keepdim=True)
    exponential = torch.where(seen, torch.exp(torch.where(seen, scores - highest, 0.0)), 0.0)
    total = exponential.sum(dim=-1, keepdim=True)
    return exponential / torch.where(total > 0, total, 1.0)
