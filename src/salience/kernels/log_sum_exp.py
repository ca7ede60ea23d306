r"""Output and log-sum-exp of each row: from torch's fused kernel where it tells them, else from row panels.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, F width of a value.

Fused kernels compute :math:`\mathrm{lse}_t = \ln \sum_s e^{x_{ts}}` and keep it for their backward pass. torch shows it
only in an operator that it does not promise to keep, so that operator is used if it is there and takes what it took
when this was written, and nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from salience.kernels.problem import Problem
from salience.kernels.row_panel import row_panel

# Names and order of arguments and results.
_KNOWN = (
    ("query", "key", "value", "dropout_p", "is_causal", "attn_mask", "scale"),
    ("output", "logsumexp"),
)


def output_and_lse(
    problem: Problem, value: Float[Tensor, "B G S F"]
) -> tuple[Float[Tensor, "B H T F"], Float[Tensor, "B H T"]]:
    """The output, and the natural logarithm of each row's sum of exponentials, without gradients.

    A row that sees nothing has an output of zeros and a log-sum-exp of minus infinity.
    """
    if FUSED is not None and suits_fused(problem, value):
        return _from_fused(FUSED, problem, value)
    found = row_panel(problem, value, lse=True)
    assert found.out is not None
    assert found.lse is not None
    return found.out, found.lse


def log_sum_exp(problem: Problem) -> Float[Tensor, "B H T"]:
    """The natural logarithm of each row's sum of exponentials, without gradients."""
    found = row_panel(problem, lse=True).lse
    assert found is not None
    return found


def suits_fused(problem: Problem, value: Float[Tensor, "B G S F"]) -> bool:
    """Can torch's operator compute this without a mask of all queries by all sources?"""
    return (
        problem.query.device.type == "cpu"
        and value.shape[-1] == problem.query.shape[-1]
        and value.dtype == problem.query.dtype
        and problem.bias is None
        and problem.window is None
        and not (problem.causal and problem.offset)
        and 0 not in problem.query.shape
        and 0 not in problem.key.shape
    )


def _from_fused(fused: Callable, problem: Problem, value: Tensor) -> tuple[Tensor, Tensor]:
    mask, alive = None, problem.alive[:, None]
    query, key = problem.query, problem.key
    with torch.no_grad(), torch.autocast(query.device.type, enabled=False):
        if problem.asked is not None:
            query = torch.where(problem.asked[:, None, :, None], query, 0.0)
        if problem.seen is not None:
            real = problem.seen[:, None, :, None]
            key, value = torch.where(real, key, 0.0), torch.where(real, value, 0.0)
            hidden = torch.zeros(problem.seen.shape, dtype=query.dtype, device=query.device)
            mask = hidden.masked_fill_(~problem.seen, -torch.inf)[:, None, None]
        out, lse = fused(query, key, value, 0.0, problem.causal, attn_mask=mask, scale=problem.scale)
        # The operator gives both with the heads innermost, and zeros for rows that see nothing.
        return (
            torch.where(alive[..., None], out, 0.0).contiguous(),
            torch.where(alive, lse, -torch.inf).to(problem.dtype).contiguous(),
        )


def _find_fused() -> Callable | None:
    packet = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
    fused = getattr(packet, "default", None)
    if fused is None:
        return None
    schema = fused._schema
    names = tuple(each.name for each in schema.arguments), tuple(each.name for each in schema.returns)
    return fused if names == _KNOWN else None


#: The operator, or None where torch lacks it or has changed it.
FUSED = _find_fused()
