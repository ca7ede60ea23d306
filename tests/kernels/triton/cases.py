"""Small attentions of every kind, and what the dense reference in float64 says of them. Nothing here imports triton.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a head, D width of a value,
W vectors of query weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from salience.kernels import reference
from salience.kernels.problem import Problem

T, S, D = 53, 71, 17


@dataclass(frozen=True)
class Case:
    """One attention, and slopes of everything it tells."""

    problem: Problem
    value: Tensor
    weights: Tensor
    out_slope: Tensor
    received_slope: Tensor
    entropy_slope: Tensor
    lse_slope: Tensor


@dataclass(frozen=True)
class Answer:
    """What attention tells, and gradients of the sum of everything times its slope."""

    out: Tensor
    lse: Tensor
    entropy: Tensor
    max: Tensor
    received: Tensor
    means: Tensor
    query: Tensor
    key: Tensor
    value: Tensor
    weights: Tensor


def plain(
    dtype: torch.dtype = torch.float32,
    *,
    batch: int = 1,
    groups: int = 1,
    share: int = 1,
    width: int = 24,
    vectors: int = 1,
    spread: float = 1.0,
    **options: Any,
) -> Case:
    """Everything random; `options` are those of the problem, in which Ellipsis stands for the shape of a bias."""
    heads = groups * share
    generator = torch.Generator().manual_seed(width + vectors)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    query, key = (spread * random(batch, heads, T, width)).to(dtype), random(batch, groups, S, width).to(dtype)
    return Case(
        Problem(query, key, width**-0.5, **options),
        random(batch, groups, S, D).to(dtype),
        random(batch, heads, vectors, T),
        random(batch, heads, T, D).to(dtype),
        random(batch, heads, vectors, S),
        random(batch, heads, T),
        random(batch, heads, T),
    )


def padded() -> Case:
    """Holes among sources and queries, one example with a single source, and NaN at all holes."""
    case = plain(batch=2, share=2, vectors=3)
    generator = torch.Generator().manual_seed(0)
    seen, asked = (torch.rand(2, size, generator=generator) < 0.7 for size in (S, T))
    seen[1] = False
    seen[1, 5] = True
    for values, real in ((case.problem.query, asked), (case.problem.key, seen), (case.value, seen)):
        values.masked_fill_(~real[:, None, :, None], torch.nan)
    for values in (case.out_slope, case.entropy_slope[..., None], case.lse_slope[..., None], case.weights.mT):
        values.masked_fill_(~asked[:, None, :, None], torch.nan)
    case.received_slope.mT.masked_fill_(~seen[:, None, :, None], torch.nan)
    return replace(case, problem=replace(case.problem, seen=seen, asked=asked))


def blind() -> Case:
    """An example nobody may see anything of."""
    return plain(batch=2, seen=torch.tensor([True, False])[:, None].repeat(1, S))


def strided() -> Case:
    """Heads innermost but one, as projections give them."""
    case = plain(groups=2)

    def apart(values: Tensor) -> Tensor:
        return values.transpose(1, 2).contiguous().transpose(1, 2)

    problem = replace(case.problem, query=apart(case.problem.query), key=apart(case.problem.key))
    return replace(case, problem=problem, value=apart(case.value))


def biased() -> Case:
    bias = torch.randn(1, 2, T, S, generator=torch.Generator().manual_seed(0))
    bias[:, :, :, 7] = -torch.inf
    return plain(groups=2, bias=bias, causal=True)


def biased_by_source() -> Case:
    return plain(batch=2, bias=torch.randn(2, 1, 1, S, generator=torch.Generator().manual_seed(0)))


CASES: dict[str, Callable[[], Case]] = {
    "plain": plain,
    "half": lambda: plain(torch.float16, batch=2, vectors=3),
    "shared heads": lambda: plain(groups=2, share=3, vectors=2),
    "causal": lambda: plain(causal=True),
    "causal ahead": lambda: plain(causal=True, offset=5),
    "causal behind": lambda: plain(causal=True, offset=-17),
    "window": lambda: plain(window=11, offset=-3),
    "causal window in half": lambda: plain(torch.float16, causal=True, window=11, offset=4),
    "own place only": lambda: plain(window=0),
    "padded with NaN": padded,
    "blind": blind,
    "strided": strided,
    "biased": biased,
    "biased by source": biased_by_source,
    "many vectors": lambda: plain(vectors=19),
    "wide": lambda: plain(width=80),
    "widest": lambda: plain(width=128),
    "sharp": lambda: plain(spread=20.0),
}


def expected(case: Case, dtype: torch.dtype = torch.float64) -> Answer:
    """The answer by dense attention, with torch's own gradients."""
    problem = case.problem
    batch, heads, _, _ = problem.shape
    seen = _visible(problem)
    query, weights = (
        _blank(values.to(dtype), problem.asked, axis).requires_grad_()
        for values, axis in ((problem.query, 2), (case.weights, 3))
    )
    key, value = (_blank(each.to(dtype), problem.seen, 2).requires_grad_() for each in (problem.key, case.value))
    scores = problem.scale * query @ key.repeat_interleave(problem.share, 1).mT
    if problem.bias is not None:
        # Infinite at the same places for all heads.
        finite = (problem.bias > -torch.inf).all(1, keepdim=True)
        seen = seen & finite
        scores = scores + torch.where(finite, problem.bias.to(dtype), 0.0)
    looked = reference.softmax(scores, seen)
    out, received = looked @ value.repeat_interleave(problem.share, 1), weights @ looked
    entropy = -(looked * torch.where(looked > 0, looked, 1.0).log()).sum(-1)
    alive = seen.any(-1).expand(batch, heads, T)
    # A row of minus infinities would have a gradient of NaN.
    lse = torch.where(seen | ~alive[..., None], scores, -torch.inf).logsumexp(-1)
    received_slope = _blank(case.received_slope.to(dtype), problem.seen, 3)
    objective = (received * received_slope).sum()
    for told, slope in ((out, case.out_slope), (entropy[..., None], case.entropy_slope[..., None])):
        objective = objective + (told * _blank(slope.to(dtype), problem.asked, 2)).sum()
    lse_slope = _blank(case.lse_slope[..., None].to(dtype), problem.asked, 2)[..., 0]
    objective = objective + torch.where(alive, lse * lse_slope, 0.0).sum()
    slopes = torch.autograd.grad(objective, (query, key, value, weights))
    told = (out, torch.where(alive, lse, -torch.inf), entropy, looked.amax(-1), received, received_slope @ looked.mT)
    return Answer(*(each.detach() for each in (*told, *slopes)))


def _visible(problem: Problem) -> Tensor:
    """Who may see whom, [B, 1, T, S], written out."""
    distance = torch.arange(T)[:, None] + problem.offset - torch.arange(S)
    near = torch.ones(T, S, dtype=torch.bool)
    if problem.causal:
        near &= distance >= 0
    if problem.window is not None:
        near &= distance.abs() <= problem.window
    near = near.expand(problem.shape[0], 1, T, S)
    if problem.seen is not None:
        near = near & problem.seen[:, None, None]
    if problem.asked is not None:
        near = near & problem.asked[:, None, :, None]
    return near


def _blank(values: Tensor, real: Tensor | None, axis: int) -> Tensor:
    """A copy with zeros at what is not real; `axis` is that of positions."""
    if real is None:
        return values.clone()
    return torch.where(real[:, None, :, None] if axis == 2 else real[:, None, None, :], values, 0.0)
