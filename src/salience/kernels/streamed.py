"""The kernel that the policy chooses, or the caller: one door to all that compute without the matrix of weights.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, F width of a value, W vectors of query weights.
"""

from __future__ import annotations

from dataclasses import replace

from jaxtyping import Float
from torch import Tensor

from salience.core.errors import ConfigError, did_you_mean
from salience.kernels import column_pass, policy
from salience.kernels.log_sum_exp import output_and_lse
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics, row_panel

BACKENDS = ("auto", "panel", "second_pass")


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

    Raises:
        ConfigError: an unknown backend, or one that cannot give what is asked.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"there is no backend {backend!r}", fix=did_you_mean(backend, BACKENDS))
    rows = entropy or maximum or top > 0
    if backend == "second_pass" and rows:
        raise ConfigError(
            "the second pass gives no entropy, no largest weights and no top sources",
            where="backend='second_pass'",
            fix="use backend='panel' or 'auto'",
        )
    if backend == "second_pass" or (backend == "auto" and not rows and policy.prefers_second_pass(problem, value)):
        return _in_two_passes(problem, value, weights, lse)
    return row_panel(problem, value, weights=weights, entropy=entropy, maximum=maximum, top=top, lse=lse)


def _in_two_passes(problem: Problem, value: Tensor | None, weights: Tensor | None, lse: bool) -> Statistics:
    if value is None:
        sums = row_panel(problem, lse=True).lse
        found = Statistics()
    else:
        out, sums = output_and_lse(problem, value)
        found = Statistics(out=out)
    assert sums is not None
    if weights is not None:
        found = replace(found, received=column_pass.received(problem, sums, weights))
    return replace(found, lse=sums) if lse else found
