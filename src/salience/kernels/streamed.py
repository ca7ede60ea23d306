"""The kernel that the policy chooses, or the caller: one door to all that compute without the matrix of weights.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, F width of a value, W vectors of query weights.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import ConfigError, did_you_mean
from salience.core.packages import require
from salience.kernels import column_pass, flex, policy
from salience.kernels.log_sum_exp import output_and_lse
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics, row_panel

BACKENDS = ("auto", "panel", "second_pass", "flex", "triton")


def streamed(
    problem: Problem,
    value: Float[Tensor, "B G S F"] | None = None,
    *,
    weights: Float[Tensor, "B H W T"] | None = None,
    entropy: bool = False,
    maximum: bool = False,
    top: int = 0,
    lse: bool = False,
    backend: str = "auto",
) -> Statistics:
    """What `row_panel` gives, from the kernel that is fastest here, without gradients.

    Backends: `panel` makes whole rows in blocks, in one pass. `second_pass` takes the output and log-sum-exp from the
    fused kernel and then what sources received, tile by tile; it gives no entropy and no largest weights. `auto` takes
    the second pass where it is faster, see `policy.prefers_second_pass`.

    Two more are for CUDA, and never chosen by `auto`: `flex` is the second pass by flipped FlexAttention, `triton` two
    passes of kernels of our own, which give all but the top sources.

    Raises:
        ConfigError: an unknown backend, or one that cannot give what is asked.
        NotAvailable: `flex` or `triton`, and what they cannot do; both say what can.
        MissingPackage: `triton`, and it is not installed.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"there is no backend {backend!r}", fix=did_you_mean(backend, BACKENDS))
    rows = entropy or maximum or top > 0
    if backend in ("second_pass", "flex") and rows:
        raise ConfigError(
            "the second pass gives no entropy, no largest weights and no top sources",
            where=f"backend={backend!r}",
            fix="use backend='panel' or 'auto'",
        )
    if backend == "triton":
        with torch.no_grad():
            return by_triton(problem, value, weights, entropy=entropy, maximum=maximum, top=top, lse=lse)
    if backend == "auto" and not rows and policy.prefers_second_pass(problem, value):
        backend = "second_pass"
    if backend in ("second_pass", "flex"):
        return _in_two_passes(problem, value, weights, lse, backend)
    return row_panel(problem, value, weights=weights, entropy=entropy, maximum=maximum, top=top, lse=lse)


def received(
    problem: Problem, lse: Float[Tensor, "B H T"], weights: Float[Tensor, "B H W T"], *, backend: str = "auto"
) -> Float[Tensor, "B H W S"]:
    """What each source received, given the log-sum-exp of each row, without gradients. `backend` as in `streamed`."""
    if backend not in BACKENDS:
        raise ConfigError(f"there is no backend {backend!r}", fix=did_you_mean(backend, BACKENDS))
    with torch.no_grad():
        if backend == "triton":
            require("triton", extra="triton")
            from salience.kernels import triton

            return triton.received(problem, lse, weights)
        return (flex if backend == "flex" else column_pass).received(problem, lse, weights)


def by_triton(
    problem: Problem,
    value: Tensor | None,
    weights: Tensor | None,
    *,
    entropy: bool,
    maximum: bool,
    top: int,
    lse: bool,
) -> Statistics:
    """What `streamed` gives, by Triton kernels, differentiable."""
    require("triton", extra="triton")
    from salience.kernels import triton

    return triton.attention(problem, value, weights=weights, entropy=entropy, maximum=maximum, top=top, lse=lse)


def _in_two_passes(
    problem: Problem, value: Tensor | None, weights: Tensor | None, lse: bool, backend: str
) -> Statistics:
    if value is None:
        sums = row_panel(problem, lse=True).lse
        found = Statistics()
    else:
        out, sums = output_and_lse(problem, value)
        found = Statistics(out=out)
    assert sums is not None
    if weights is not None:
        found = replace(found, received=received(problem, sums, weights, backend=backend))
    return replace(found, lse=sums) if lse else found
