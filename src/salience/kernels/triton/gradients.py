r"""All gradients of what attention tells, from one more look at the weights by rows and one by columns.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a head, D width of a value,
W vectors of query weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import NotAvailable
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics
from salience.kernels.triton.launch import Slopes, key_slope, means, query_slope


@dataclass(frozen=True)
class Gradients:
    """Those of value and weights are None where nothing that has a slope depends on them."""

    query: Float[Tensor, "B H T E"]
    key: Float[Tensor, "B G S E"]
    value: Float[Tensor, "B G S D"] | None
    weights: Float[Tensor, "B H W T"] | None


def gradients(
    problem: Problem,
    value: Float[Tensor, "B G S D"] | None,
    weights: Float[Tensor, "B H W T"] | None,
    *,
    found: Statistics,
    slopes: Statistics,
) -> Gradients:
    """The gradients of query, key, value and weights. `found` is the forward pass: its lse, and what has a slope.

    Raises:
        NotAvailable: a slope of the largest weight, or what `received` refuses.
    """
    if slopes.max is not None:
        raise NotAvailable(
            "the Triton kernels have no gradient for the largest weight of a row",
            fix="ask for the backend 'panel', or take the largest weight without gradient",
        )
    assert found.lse is not None
    of_weights = None if slopes.received is None else means(problem, found.lse, slopes.received)
    wanted = Slopes(
        shift=_shift(found, slopes, weights, of_weights),
        out=slopes.out,
        value=None if slopes.out is None else value,
        received=slopes.received,
        weights=None if slopes.received is None else weights,
        entropy=slopes.entropy,
    )
    key, of_value = key_slope(problem, found.lse, wanted)
    return Gradients(query_slope(problem, found.lse, wanted), key, of_value, of_weights)


def _shift(
    found: Statistics, slopes: Statistics, weights: Tensor | None, of_weights: Tensor | None
) -> Float[Tensor, "B H T"]:
    """Each row's mean of the slopes of its weights: the parts are known from the forward pass."""
    assert found.lse is not None
    shift = torch.zeros_like(found.lse)
    if slopes.out is not None and found.out is not None:
        shift += (found.out.float() * slopes.out.float()).sum(-1)
    if weights is not None and of_weights is not None:
        shift += (weights * of_weights).sum(2)
    if slopes.entropy is not None and found.entropy is not None:
        shift += slopes.entropy * found.entropy
    # The slope of the log-sum-exp is the same for all weights of a row, taken from what is taken off.
    if slopes.lse is not None:
        shift -= slopes.lse
    return shift
