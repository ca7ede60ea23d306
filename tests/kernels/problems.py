"""Attention problems of awkward sizes, and what the dense reference says of them in float64."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from salience.kernels import Problem, policy, reference

B, E, F, W = 2, 5, 7, 3


@dataclass(frozen=True)
class Case:
    """A problem with everything that can be asked of it, and block sizes so small that there are several."""

    problem: Problem
    value: Tensor  # [B, G, S, F]
    weights: Tensor  # [B, H, W, T]
    panel: int
    tile: int

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that may have a gradient."""
        found = (self.problem.query, self.problem.key, self.problem.bias, self.value, self.weights)
        return tuple(each for each in found if each is not None)

    def to(self, dtype: torch.dtype) -> Case:
        bias = None if self.problem.bias is None else self.problem.bias.to(dtype)
        problem = replace(self.problem, query=self.problem.query.to(dtype), key=self.problem.key.to(dtype), bias=bias)
        return replace(self, problem=problem, value=self.value.to(dtype), weights=self.weights.to(dtype))

    def trained(self) -> Case:
        """The same with gradients, of tensors of its own."""

        def own(values: Tensor | None) -> Tensor | None:
            return None if values is None else values.detach().clone().requires_grad_()

        mine = replace(self.problem, **{name: own(getattr(self.problem, name)) for name in ("query", "key", "bias")})
        return replace(self, problem=mine, value=own(self.value), weights=own(self.weights))

    @contextmanager
    def small_blocks(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(policy, "PANEL", self.panel)
            patch.setattr(policy, "TILE", self.tile)
            yield


@dataclass(frozen=True)
class Truth:
    """What the reference says; all differentiable."""

    weights: Tensor  # [B, H, T, S]
    out: Tensor
    received: Tensor
    entropy: Tensor
    max: Tensor
    lse: Tensor


def truth(case: Case) -> Truth:
    problem = case.problem
    query, key, value = (each.double() for each in (problem.query, problem.key, case.value))
    bias = None if problem.bias is None else problem.bias.double()
    key, value = (each.repeat_interleave(problem.share, dim=1) for each in (key, value))
    visible = who_sees(problem)
    out, weights = reference.attention(query, key, value, visible, scale=problem.scale, bias=bias)
    scores = problem.scale * query @ key.transpose(-2, -1) + (0.0 if bias is None else bias)
    alive = visible.any(dim=-1)[:, None]
    lse = torch.where(visible[:, None] | ~alive[..., None], scores, -torch.inf).logsumexp(dim=-1)
    logs = torch.where(weights > 0, weights, 1.0).log()
    return Truth(
        weights=weights,
        out=out,
        received=torch.einsum("bhwt,bhts->bhws", case.weights.double(), weights),
        entropy=-(weights * logs).sum(dim=-1),
        max=weights.amax(dim=-1),
        lse=torch.where(alive, lse, -torch.inf),
    )


def who_sees(problem: Problem) -> Tensor:
    """[B, T, S], as the docstring of `Problem` says it."""
    batch, _, queries, sources = problem.shape
    own, other = torch.arange(queries)[:, None] + problem.offset, torch.arange(sources)
    visible = torch.ones(batch, queries, sources, dtype=torch.bool)
    if problem.causal:
        visible &= other <= own
    if problem.window is not None:
        visible &= (own - other).abs() <= problem.window
    if problem.seen is not None:
        visible &= problem.seen[:, None]
    if problem.asked is not None:
        visible &= problem.asked[..., None]
    return visible


def make(
    seed: int = 0,
    groups: int = 2,
    share: int = 3,
    queries: int = 37,
    sources: int = 41,
    *,
    spread: float = 1.0,
    seen: bool = False,
    asked: bool = False,
    empty: bool = False,
    causal: bool = False,
    offset: int = 0,
    window: int | None = None,
    bias: tuple[bool, bool, bool] | None = None,
    panel: int = 700,
    tile: int = 400,
) -> Case:
    """`spread` is the scale of queries and keys; `bias` says of examples, heads and queries whether it differs."""
    generator = torch.Generator().manual_seed(seed)
    heads = groups * share

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def mask(size: int) -> Tensor:
        real = torch.rand(B, size, generator=generator) < 0.6
        real[0] &= not empty
        return real

    full = (B, heads, queries)
    added = None
    if bias is not None:
        added = normal(*(size if differs else 1 for size, differs in zip(full, bias, strict=True)), sources)
    problem = Problem(
        spread * normal(B, heads, queries, E),
        spread * normal(B, groups, sources, E),
        0.7,
        seen=mask(sources) if seen else None,
        asked=mask(queries) if asked else None,
        causal=causal,
        offset=offset,
        window=window,
        bias=added,
    )
    weights = torch.rand(B, heads, W, queries, generator=generator, dtype=torch.float64)
    return Case(problem, normal(B, groups, sources, F), weights, panel, tile)


# Every combination of options, and blocks from a row to everything. A spread of 7 makes scores of some hundreds.
CASES = st.builds(
    make,
    seed=st.integers(0, 10**6),
    groups=st.integers(1, 3),
    share=st.integers(1, 3),
    queries=st.integers(1, 41),
    sources=st.integers(1, 97),
    spread=st.sampled_from([1.0, 7.0]),
    seen=st.booleans(),
    asked=st.booleans(),
    empty=st.booleans(),
    causal=st.booleans(),
    offset=st.integers(-5, 61),
    window=st.none() | st.integers(0, 43),
    bias=st.none() | st.tuples(st.booleans(), st.booleans(), st.booleans()),
    panel=st.integers(32, 4000),
    tile=st.integers(256, 4000),
)
