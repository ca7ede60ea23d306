r"""What sources received by flipped FlexAttention: keys ask, queries are asked, and the log-sum-exp is the answer.

.. math:: \ln r_s = \ln \sum_t e^{x_{ts} + \ln w_t - \mathrm{lse}_t}

So any fused kernel that takes a bias and tells its log-sum-exp gives the column sums of attention, at the price of a
whole forward pass. It needs no kernel of our own, and is what our own are compared with on a GPU.

Legend: B examples, H heads, T queries, S sources, W vectors of query weights.

Reference: Dong et al. 2024, "Flex Attention: A Programming Model for Generating Optimized Attention Kernels".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, no_type_check

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import NotAvailable
from salience.kernels.problem import Problem

# The narrowest value that the kernels take; its output is not read.
_NARROW = 16


def received(
    problem: Problem, lse: Float[Tensor, "B H T"], weights: Float[Tensor, "B H W T"]
) -> Float[Tensor, "B H W S"]:
    r"""What each source received, :math:`r_s = \sum_t w_t P_{ts}`, given the log-sum-exp of each row. In float32.

    One call for each vector of weights, two if it holds numbers of both signs. Keys are repeated for heads that share
    them. Differentiable on CUDA with respect to query, key, `lse` and weights.

    Raises:
        NotAvailable: tensors off CUDA, where FlexAttention tells no log-sum-exp.
    """
    if problem.query.device.type != "cuda":
        raise NotAvailable(
            f"FlexAttention tells its log-sum-exp on CUDA only, and the query is on {problem.query.device}",
            fix="move the tensors to a GPU, or ask for the backend 'second_pass'",
        )
    return flipped(problem, lse, weights, _compiled())


def flipped(
    problem: Problem, lse: Float[Tensor, "B H T"], weights: Float[Tensor, "B H W T"], flex: Callable[..., Any]
) -> Float[Tensor, "B H W S"]:
    """The sums by `flex`, which is called as `torch.nn.attention.flex_attention.flex_attention`."""
    counts = lse > -torch.inf
    if problem.asked is not None:
        counts = counts & problem.asked[:, None]
    query, key = _blanked(problem.query, problem.asked), _blanked(problem.key, problem.seen)
    arguments = (key.repeat_interleave(problem.share, dim=1), query, query.new_zeros(*query.shape[:3], _NARROW))

    def gained(share: Float[Tensor, "B H T"]) -> Float[Tensor, "B H S"]:
        some = counts & (share > 0)
        # Infinities are put in last, since their gradients would be NaN.
        own = torch.where(some, share, 1.0).log() - torch.where(some, lse, 0.0)
        return _log_sum(problem, torch.where(some, own, -torch.inf), arguments, flex).exp()

    parts = [_signed(gained, vector) for vector in weights.unbind(2)]
    total = torch.stack(parts, dim=2)
    return total if problem.seen is None else torch.where(problem.seen[:, None, None], total, 0.0)


def _signed(gained: Callable[[Tensor], Tensor], share: Float[Tensor, "B H T"]) -> Float[Tensor, "B H S"]:
    """A logarithm has no sign: what was given minus what was taken."""
    total = gained(share)
    return total - gained(-share) if (share < 0).any() else total


def _log_sum(
    problem: Problem, own: Float[Tensor, "B H T"], arguments: tuple[Tensor, ...], flex: Callable[..., Any]
) -> Float[Tensor, "B H S"]:
    from torch.nn.attention.flex_attention import AuxRequest

    bias, offset, window, causal = problem.bias, problem.offset, problem.window, problem.causal
    if bias is not None:
        bias = bias.expand(*problem.shape)

    # The compiler traces this, so nothing may wrap it.
    @no_type_check
    def modified(score: Tensor, example: Tensor, head: Tensor, source: Tensor, query: Tensor) -> Tensor:
        score = score + own[example, head, query]
        if bias is not None:
            score = score + bias[example, head, query, source]
        distance = query + offset - source
        if causal:
            score = torch.where(distance >= 0, score, -torch.inf)
        if window is not None:
            score = torch.where((distance <= window) & (distance >= -window), score, -torch.inf)
        return score

    return flex(*arguments, score_mod=modified, scale=problem.scale, return_aux=AuxRequest(lse=True))[1].lse


def _blanked(values: Tensor, real: Tensor | None) -> Tensor:
    # A mask alone is not enough, since zero times NaN is NaN.
    return values if real is None else torch.where(real[:, None, :, None], values, 0.0)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., Any]:
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention)
