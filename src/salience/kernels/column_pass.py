r"""The second pass: what each source received, from the log-sum-exp of each query, in tiles.

Legend: B examples, H heads, T queries, S sources, W vectors of query weights, Z units, R heads of queries in each.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from salience.kernels import policy
from salience.kernels.problem import Problem
from salience.kernels.row_panel import lowest_exponents
from salience.kernels.units import LOG2E, Units, blocks, load, overlap


def received(
    problem: Problem, lse: Float[Tensor, "B H T"], weights: Float[Tensor, "B H W T"]
) -> Float[Tensor, "B H W S"]:
    r"""What each source received, :math:`r_{ws} = \sum_t w_{wt}\, e^{x_{ts} - \mathrm{lse}_t}`, without gradients.

    `lse` is the natural logarithm of each row's sum of exponentials, as fused kernels give it. Rows that see nothing,
    or whose `lse` is minus infinity, give nothing. Half the work of the fused kernel, with one tile of memory.
    """
    with torch.no_grad(), torch.autocast(problem.query.device.type, enabled=False):
        batch, heads, _, sources = problem.shape
        total = torch.zeros(batch, heads, weights.shape[2], sources, dtype=problem.dtype, device=lse.device)
        alive = lse.isfinite()[:, :, None]
        weights = torch.where(alive, weights, 0.0)
        high = torch.where(alive, lse[:, :, None] * LOG2E, 0.0)  # [B, H, 1, T]
        # Where exponents are small, each query's power is taken to its weight instead of from its scores.
        scaled = weights * torch.exp2(-high)
        rows_at_once, columns_at_once, units_at_once = policy.tile(problem)
        for units in load(problem, units_at_once):
            own = units.queries((scaled if units.bounded else weights).mT).mT  # [Z, R, W, T]
            shift = None if units.bounded else units.queries(high.mT)  # [Z, R, T, 1]
            result = units.mine(total.unflatten(1, (-1, problem.share)))  # [Z, R, W, S]
            for columns in blocks(units.columns, columns_at_once):
                for rows in blocks(overlap(problem.rows(columns), units.rows), rows_at_once):
                    result[..., columns] += _part(units, rows, columns, shift, own)
            if units.hidden is not None:
                # Clamped powers leave a trace at unseen sources.
                result.masked_fill_(units.hidden[:, None] != 0, 0.0)
        return total


def _part(
    units: Units,
    rows: slice,
    columns: slice,
    shift: Float[Tensor, "Z R T 1"] | None,
    weights: Float[Tensor, "Z R W T"],
) -> Float[Tensor, "Z R W C"]:
    powers = units.exponents(rows, columns)
    if shift is not None:
        powers.sub_(shift[:, :, rows].flatten(1, 2)).clamp_(min=lowest_exponents(powers.dtype)[1])
    powers.exp2_()
    own = weights[..., rows]
    part = torch.bmm(own.flatten(0, 1), powers.view(-1, rows.stop - rows.start, powers.shape[2]))
    return part.view(*own.shape[:3], -1)
