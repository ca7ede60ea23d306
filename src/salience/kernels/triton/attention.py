"""Output, received attention, entropy, largest weight and log-sum-exp from Triton kernels, differentiable together.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, F width of a value, W vectors of query weights.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from salience.core.errors import NotAvailable
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics
from salience.kernels.triton.gradients import gradients
from salience.kernels.triton.launch import received, statistics

# What of a problem has no gradient here.
_SETTINGS = ("scale", "seen", "asked", "causal", "offset", "window", "bias")


def attention(
    problem: Problem,
    value: Float[Tensor, "B G S F"] | None = None,
    *,
    weights: Float[Tensor, "B H W T"] | None = None,
    entropy: bool = False,
    maximum: bool = False,
    top: int = 0,
    lse: bool = False,
) -> Statistics:
    """What `row_panel` gives but the largest weights, in two passes of Triton kernels.

    Differentiable once, with respect to query, key, value and weights. Largest weights (`maximum`) have no gradient
    here. All but the output is in float32; scores are never rounded to half precision.

    Raises:
        NotAvailable: `top`; a bias that requires gradients; in the backward pass a slope of the largest weight; tensors
            off CUDA, of other types than float32, float16 and bfloat16, or heads wider than 128.
    """
    if top:
        raise NotAvailable(
            "the Triton kernels do not look for the top sources of a row", fix="ask for the backend 'panel'"
        )
    if problem.bias is not None and problem.bias.requires_grad and torch.is_grad_enabled():
        raise NotAvailable(
            "the Triton kernels have no gradient for the bias",
            fix="ask for the backend 'panel', or detach the bias",
        )
    told = _Attention.apply(problem.query, problem.key, value, weights, problem.detached())
    found = Statistics(*told)
    return Statistics(
        out=found.out,
        received=found.received,
        entropy=found.entropy if entropy else None,
        max=found.max if maximum else None,
        lse=found.lse if lse else None,
    )


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor | None, weights: Tensor | None, problem: Problem
    ) -> tuple[Tensor | None, ...]:
        told = statistics(problem, value)
        assert told.lse is not None
        gained = None if weights is None else received(problem, told.lse, weights)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(query, key, value, weights, told.out, told.entropy, told.lse)
        ctx.settings = {name: getattr(problem, name) for name in _SETTINGS}
        return told.out, gained, told.entropy, told.max, None, None, told.lse

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any,
        out: Tensor | None,
        gained: Tensor | None,
        entropy: Tensor | None,
        maximum: Tensor | None,
        _values: None,
        _indices: None,
        lse: Tensor | None,
    ) -> tuple[Tensor | None, ...]:
        query, key, value, weights, own_out, own_entropy, own_lse = ctx.saved_tensors
        slopes = Statistics(out=out, received=gained, entropy=entropy, max=maximum, lse=lse)
        if all(each is None for each in (out, gained, entropy, maximum, lse)):
            return (None,) * 5
        found = Statistics(out=own_out, entropy=own_entropy, lse=own_lse)
        result = gradients(Problem(query, key, **ctx.settings), value, weights, found=found, slopes=slopes)
        return result.query, result.key, result.value, result.weights, None
