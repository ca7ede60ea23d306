"""From scores to weights: each function turns a row of scores into weights that sum to one over what is seen.

Everywhere, unseen sources get exactly zero, and so does a whole row that sees nothing. What unseen scores hold, NaN
included, reaches neither the weights nor the gradient.

Legend: S sources.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def softmax(scores: Float[Tensor, "*rows S"], seen: Bool[Tensor, "*#rows S"]) -> Float[Tensor, "*rows S"]:
    r"""Softmax over the seen sources: :math:`e^{x_s} / \sum_{seen} e^{x}`.

    >>> softmax(torch.tensor([0.0, 0.0, 9.0]), torch.tensor([True, True, False]))
    tensor([0.5000, 0.5000, 0.0000])
    """
    # A finite lowest value, because a row of -inf would be NaN before it could be blanked.
    weights = torch.where(seen, scores, torch.finfo(scores.dtype).min).softmax(dim=-1)
    return torch.where(seen, weights, 0.0)


def top_k(scores: Float[Tensor, "*rows S"], seen: Bool[Tensor, "*#rows S"], k: int) -> Float[Tensor, "*rows S"]:
    r"""Softmax over the `k` seen sources that score highest, zero for the others. Ties are cut at `k`.

    >>> top_k(torch.tensor([0.0, 0.0, -1.0]), torch.tensor([True, True, True]), 2)
    tensor([0.5000, 0.5000, 0.0000])
    """
    highest = torch.where(seen, scores, -torch.inf).topk(min(k, scores.shape[-1]), dim=-1).indices
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, highest, True)
    return softmax(scores, seen & kept)


def sparsemax(scores: Float[Tensor, "*rows S"], seen: Bool[Tensor, "*#rows S"]) -> Float[Tensor, "*rows S"]:
    r"""The point of the simplex nearest to the scores: :math:`\max(x_s - \tau, 0)`, with one threshold for the row.

    The threshold is found by sorting, and is exact. Sums are at least float32.

    Reference: Martins and Astudillo 2016, "From Softmax to Sparsemax", algorithm 1.

    >>> sparsemax(torch.tensor([0.5, 0.0, -1.0]), torch.tensor([True, True, True]))
    tensor([0.7500, 0.2500, 0.0000])
    """
    if not scores.shape[-1]:
        return scores
    below = _below_highest(scores, seen, 1.0)
    with torch.no_grad():
        ranked = below.sort(dim=-1, descending=True).values
        rank = _ranks(ranked)
        # tau if the support were the first `rank` scores.
        thresholds = (ranked.cumsum(-1) - 1) / rank
        support = _support(below, thresholds, ranked)
    # Of the support alone the threshold is a smooth function, which autograd differentiates as it stands.
    threshold = (torch.where(support, below, 0.0).sum(-1, keepdim=True) - 1) / _size(support, below.dtype)
    return torch.where(seen, (below - threshold).clamp(min=0), 0.0).to(scores.dtype)


def entmax(
    scores: Float[Tensor, "*rows S"], seen: Bool[Tensor, "*#rows S"], alpha: float = 1.5
) -> Float[Tensor, "*rows S"]:
    r"""Between softmax and sparsemax: :math:`\max((\alpha - 1) x_s - \tau, 0)^{1 / (\alpha - 1)}`, for 1 < alpha <= 2.

    The threshold is exact for 1.5 and 2, where it is found by sorting; else it is found by halving an interval as often
    as the type has bits, and one Newton step, which also carries the gradient. Sums are at least float32.

    Reference: Peters, Niculae and Martins 2019, "Sparse Sequence-to-Sequence Models"; for 1.5 its algorithm 2.

    >>> entmax(torch.tensor([0.0, 0.0, -3.0]), torch.tensor([True, True, True]))
    tensor([0.5000, 0.5000, 0.0000])
    """
    if alpha == 2 or not scores.shape[-1]:
        return sparsemax(scores, seen)
    below = _below_highest(scores, seen, alpha - 1)
    threshold = _entmax15_threshold(below) if alpha == 1.5 else _entmax_threshold(below, 1 / (alpha - 1))
    weights = (below - threshold).clamp(min=0) ** (1 / (alpha - 1))
    return torch.where(seen, weights, 0.0).to(scores.dtype)


def _entmax15_threshold(below: Float[Tensor, "*rows S"]) -> Float[Tensor, "*rows 1"]:
    with torch.no_grad():
        ranked = below.sort(dim=-1, descending=True).values
        rank = _ranks(ranked)
        mean, square = ranked.cumsum(-1) / rank, ranked.square().cumsum(-1) / rank
        # tau if the support were the first `rank` scores, whose variance is square - mean ** 2.
        thresholds = mean - (1 / rank - square + mean.square()).clamp(min=0).sqrt()
        support = _support(below, thresholds, ranked)
    size = _size(support, below.dtype)
    mean = torch.where(support, below, 0.0).sum(-1, keepdim=True) / size
    variance = torch.where(support, below - mean, 0.0).square().sum(-1, keepdim=True) / size
    # At least 1 / size ** 2 under the root, since weights below one are at most their own roots.
    return mean - (1 / size - variance).clamp(min=torch.finfo(below.dtype).tiny).sqrt()


def _entmax_threshold(below: Float[Tensor, "*rows S"], power: float) -> Float[Tensor, "*rows 1"]:
    with torch.no_grad():
        low, high = torch.full_like(below[..., :1], -1.0), torch.zeros_like(below[..., :1])
        for _ in range(53 if below.dtype == torch.float64 else 24):
            middle = (low + high) / 2
            heavy = ((below - middle).clamp(min=0) ** power).sum(-1, keepdim=True) > 1
            low, high = torch.where(heavy, middle, low), torch.where(heavy, high, middle)
        slope = power * ((below - low).clamp(min=0) ** (power - 1)).sum(-1, keepdim=True)
    # A Newton step from the root ends at the root, and has the gradient of the root.
    return low + (((below - low).clamp(min=0) ** power).sum(-1, keepdim=True) - 1) / slope


def _below_highest(
    scores: Float[Tensor, "*rows S"], seen: Bool[Tensor, "*#rows S"], factor: float
) -> Float[Tensor, "*rows S"]:
    """How far each score, times `factor`, is below the highest of its row: the weights depend on nothing else.

    Sources whose weight is zero in any case, because they are not seen or one or more below, are set two below. A row
    that sees nothing has zeros, so that no step of its gradient divides by zero.
    """
    exact = torch.where(seen, scores, torch.finfo(scores.dtype).min)
    exact = exact.to(torch.promote_types(scores.dtype, torch.float32))
    below = factor * (exact - exact.detach().amax(-1, keepdim=True))
    weightless = ~seen & seen.any(-1, keepdim=True)
    return torch.where(weightless | (below <= -1), -2.0, below)


def _ranks(ranked: Float[Tensor, "*rows S"]) -> Float[Tensor, "S"]:
    return torch.arange(1, ranked.shape[-1] + 1, dtype=ranked.dtype, device=ranked.device)


def _support(
    below: Float[Tensor, "*rows S"], thresholds: Float[Tensor, "*rows S"], ranked: Float[Tensor, "*rows S"]
) -> Bool[Tensor, "*rows S"]:
    """The sources above the threshold: the last of those by which each ranked score still has weight."""
    size = (thresholds < ranked).sum(-1, keepdim=True)
    return below > thresholds.gather(-1, (size - 1).clamp(min=0))


def _size(support: Bool[Tensor, "*rows S"], dtype: torch.dtype) -> Float[Tensor, "*rows 1"]:
    return support.sum(-1, keepdim=True).clamp(min=1).to(dtype)
