r"""The pass of Chefer relevance: what each source received of weights times gradient, where positive, in tiles.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, D width of a value, W vectors of query weights,
Z units, R heads of queries in each, L stacked rows of one tile (all R heads of some queries), C columns of one tile.

Reference: Chefer, Gur and Wolf 2021, "Generic Attention-model Explainability for Interpreting Bi-Modal and
Encoder-Decoder Transformers", equation 5.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from salience.kernels import policy
from salience.kernels.problem import Problem
from salience.kernels.row_panel import lowest_exponents
from salience.kernels.units import LOG2E, Units, blocks, load, overlap


def relevant(
    problem: Problem,
    lse: Float[Tensor, "B H T"],
    value: Float[Tensor, "B G S D"],
    grad_out: Float[Tensor, "B H T D"],
    weights: Float[Tensor, "B W T"],
) -> Float[Tensor, "B W S"]:
    r""":math:`\frac{1}{H} \sum_h w\, (P_h \circ \dot o_h v_h^\top)^+`, without gradients, with two tiles of memory."""
    with torch.no_grad(), torch.autocast(problem.query.device.type, enabled=False):
        batch, heads, _, sources = problem.shape
        total = torch.zeros(batch, problem.groups, weights.shape[1], sources, dtype=problem.dtype, device=lse.device)
        given = _Given(problem, lse, value, grad_out, weights)
        rows_at_once, columns_at_once, units_at_once = policy.tile(problem)
        for units in load(problem, units_at_once):
            part = _Part(units, given)
            result = units.mine(total)  # [Z, W, S]
            for columns in blocks(units.columns, columns_at_once):
                for rows in blocks(overlap(problem.rows(columns), units.rows), rows_at_once):
                    result[..., columns] += part.of_tile(rows, columns)
            if units.hidden is not None:
                # Clamped powers leave a trace at unseen sources.
                result.masked_fill_(units.hidden != 0, 0.0)
        return total.sum(1) / heads


class _Given:
    """What all units share, with what depends on rows computed for all of them at once."""

    def __init__(self, problem: Problem, lse: Tensor, value: Tensor, grad_out: Tensor, weights: Tensor) -> None:
        self.value, self.grad_out = value, grad_out
        # A row that sees nothing gives nothing. A NaN stays, and shows.
        empty = (lse == -torch.inf)[..., None]
        self.high = (lse[..., None] * LOG2E).masked_fill(empty, 0.0)  # [B, H, T, 1]
        self.weights = weights.mT[:, None].to(problem.dtype).masked_fill(empty, 0.0)  # [B, H, T, W]
        # The part that is positive stays so if its row is scaled: where exponents are small, it is enough to scale the
        # weights.
        self.scaled = self.weights * torch.exp2(-self.high)


class _Part:
    """What some units need for their tiles."""

    def __init__(self, units: Units, given: _Given) -> None:
        self.units = units
        self.value = units.sources(given.value)  # [Z, S, D]
        self.grad_out = units.queries(given.grad_out)  # [Z, R, T, D]
        self.weights = units.queries(given.scaled if units.bounded else given.weights)  # [Z, R, T, W]
        self.high = None if units.bounded else units.queries(given.high)  # [Z, R, T, 1]

    def of_tile(self, rows: slice, columns: slice) -> Float[Tensor, "Z W C"]:
        powers = self.units.exponents(rows, columns)  # [Z, L, C]
        if self.high is not None:
            powers.sub_(self.high[:, :, rows].flatten(1, 2)).clamp_(min=lowest_exponents(powers.dtype)[1])
        powers.exp2_()
        slopes = self.units.workspace.space("slopes", tuple(powers.shape), powers)
        torch.bmm(self.grad_out[:, :, rows].flatten(1, 2), self.value[:, columns].mT, out=slopes)
        positive = powers.mul_(slopes).clamp_(min=0.0)
        return torch.bmm(self.weights[:, :, rows].flatten(1, 2).mT, positive)
