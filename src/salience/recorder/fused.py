"""Fused attention under any mask that a `Problem` can tell, in O(N) memory.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a head, D width of a head's values,
R rows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from salience.kernels.log_sum_exp import FUSED, output_and_lse, suits_fused
from salience.kernels.problem import Problem

# Held here, because a recorder of `torch.nn` modules replaces the name in `torch.nn.functional`.
_attend = F.scaled_dot_product_attention
# Queries whose mask is written out at once.
ROWS = 256


def fused(
    problem: Problem, value: Float[Tensor, "B G S D"]
) -> tuple[Float[Tensor, "B H T D"], Float[Tensor, "B H T"] | None]:
    """What torch's fused attention gives, and its log-sum-exp where it tells that. Padded queries may get anything."""
    graph = torch.is_grad_enabled() and any(each.requires_grad for each in (problem.query, problem.key, value))
    if not graph and FUSED is not None and suits_fused(problem, value):
        return output_and_lse(problem, value)
    return _output(problem, value), None


def _output(problem: Problem, value: Float[Tensor, "B G S D"]) -> Float[Tensor, "B H T D"]:
    _, _, queries, sources = problem.shape
    everything = slice(0, queries)
    if problem.bias is not None or (_local(problem) and not _plain_triangle(problem)):
        rows = (slice(start, min(start + ROWS, queries)) for start in range(0, queries, ROWS))
        return torch.cat([_panel(problem, value, each) for each in rows], dim=2)
    if not _local(problem):
        seen = None if problem.seen is None else problem.seen[:, None, None]
        return _call(problem, value, everything, slice(0, sources), seen, False)
    # Where there is no mask but the triangle, sources after the last query are free places of a cache.
    return _call(problem, value, everything, slice(0, min(queries, sources)), None, True)


def _local(problem: Problem) -> bool:
    return problem.near(slice(0, problem.shape[2]), slice(0, problem.shape[3])) is not None


def _plain_triangle(problem: Problem) -> bool:
    return problem.causal and problem.window is None and problem.offset == 0 and problem.seen is None


def _panel(problem: Problem, value: Tensor, rows: slice) -> Float[Tensor, "B H R D"]:
    columns = problem.columns(rows)
    mask = problem.near(rows, columns)
    mask = None if mask is None else mask[None, None]
    if problem.seen is not None:
        seen = problem.seen[:, None, None, columns]
        mask = seen if mask is None else mask & seen
    if problem.bias is not None:
        own = slice(None) if problem.bias.shape[2] == 1 else rows
        bias = problem.bias[:, :, own, columns].to(value.dtype)
        mask = bias if mask is None else torch.where(mask, bias, -torch.inf)
    return _call(problem, value, rows, columns, mask, False)


def _call(
    problem: Problem, value: Tensor, rows: slice, columns: slice, mask: Tensor | None, causal: bool
) -> Float[Tensor, "B H R D"]:
    return _attend(
        problem.query[:, :, rows],
        problem.key[:, :, columns],
        value[:, :, columns],
        attn_mask=mask,
        is_causal=causal,
        scale=problem.scale,
        enable_gqa=problem.share > 1,
    )
