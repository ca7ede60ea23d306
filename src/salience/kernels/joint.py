r"""Output, received attention, entropy, largest weight and log-sum-exp, differentiable together in O(T + S) memory.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a head, F width of a value,
W vectors of query weights, Z units, R heads of queries in each, M queries of one panel, L = R M rows, C columns.

With slopes of the output (o), of what was received (g), of entropy (e), maximum (m) and log-sum-exp (z), weights P of
scores x have the slopes

.. math:: \bar P_{ts} = o_t \cdot v_s + \sum_w w_{wt} g_{ws} - e_t \ln P_{ts} + m_t [s\ \text{has the maximum}],\qquad
          \bar x_{ts} = P_{ts} (\bar P_{ts} - \sum_u P_{tu} \bar P_{tu} + z_t).

So supervising received attention adds a product of two vectors to the backward pass of the output, and nothing to its
matrix products. Weights are computed again in panels of whole rows; the graph keeps the inputs and log-sum-exp only.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from salience.kernels import policy
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics, lowest_exponents
from salience.kernels.streamed import by_triton, streamed
from salience.kernels.units import LN2, LOG2E, Units, blocks, load, overlap

# What of a problem has no gradient.
_SETTINGS = ("scale", "seen", "asked", "causal", "offset", "window")


def joint(
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
    """What `streamed` gives, with gradients for query, key, value, bias and query weights.

    The values of `top` have no gradient. The backward pass cannot be differentiated again, and torch says so. Gradients
    are those of panels, whatever the backend, but for `triton`, which has its own.
    """
    inputs = (problem.query, problem.key, problem.bias, value, weights)
    if not torch.is_grad_enabled() or not any(each is not None and each.requires_grad for each in inputs):
        return streamed(
            problem, value, weights=weights, entropy=entropy, maximum=maximum, top=top, lse=lse, backend=backend
        )
    if backend == "triton":
        return by_triton(problem, value, weights, entropy=entropy, maximum=maximum, top=top, lse=lse)
    settings = {name: getattr(problem, name) for name in _SETTINGS}
    return Statistics(*_Joint.apply(*inputs, settings, (entropy, maximum, top), backend))


class _Joint(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        bias: Tensor | None,
        value: Tensor | None,
        weights: Tensor | None,
        settings: dict[str, Any],
        asked: tuple[bool, bool, int],
        backend: str,
    ) -> tuple[Tensor | None, ...]:
        entropy, maximum, top = asked
        found = streamed(
            Problem(query, key, bias=bias, **settings),
            value,
            weights=weights,
            entropy=entropy,
            maximum=maximum,
            top=top,
            lse=True,
            backend=backend,
        )
        ctx.settings = settings
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(query, key, bias, value, weights, found.lse)
        ctx.mark_non_differentiable(*[each for each in (found.top_values, found.top_indices) if each is not None])
        return tuple(getattr(found, each.name) for each in fields(Statistics))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor | None) -> tuple[Tensor | None, ...]:
        query, key, bias, value, weights, lse = ctx.saved_tensors
        needed = ctx.needs_input_grad[:5]
        if all(each is None for each in slopes):
            return (None,) * 8
        problem = Problem(query, key, bias=bias, **ctx.settings)
        with torch.autocast(query.device.type, enabled=False):
            return *_gradients(problem, value, weights, lse, Statistics(*slopes), needed), None, None, None


def _gradients(
    problem: Problem,
    value: Tensor | None,
    weights: Tensor | None,
    lse: Tensor,
    slopes: Statistics,
    needed: tuple[bool, ...],
) -> list[Tensor | None]:
    """The gradients of query, key, bias, value and weights, where needed."""
    inputs = (problem.query, problem.key, problem.bias, value, weights)
    found = [
        torch.zeros(each.shape, dtype=each.dtype, device=each.device) if each is not None and need else None
        for each, need in zip(inputs, needed, strict=True)
    ]
    rows_at_once, units_at_once = policy.panel(problem)
    for units in load(problem, units_at_once):
        parts = _Parts(units, value, weights, lse, slopes, found)
        for rows in blocks(units.rows, rows_at_once):
            columns = overlap(problem.columns(rows), units.columns)
            if columns.start < columns.stop:
                parts.add(rows, columns)
        parts.finish()
    return found


class _Parts:
    """The gradients of some units, filled panel by panel."""

    def __init__(
        self,
        units: Units,
        value: Tensor | None,
        weights: Tensor | None,
        lse: Tensor,
        slopes: Statistics,
        found: list[Tensor | None],
    ) -> None:
        self.units = units
        high = units.queries(lse[..., None]) * LOG2E
        alive = high.isfinite()
        if units.asked is not None:
            alive &= units.asked[:, None, :, None]
        # A row that sees nothing, or is not asked: no exponent is above minus infinity.
        self.high = torch.where(alive, high, torch.inf)  # [Z, R, T, 1]

        def of_queries(values: Tensor | None) -> Tensor | None:
            return None if values is None else units.queries(values)

        def of_rows(values: Tensor | None) -> Tensor | None:
            return None if values is None else units.queries(values[..., None])

        self.out = of_queries(slopes.out)  # [Z, R, T, F]
        self.entropy, self.max, self.lse = of_rows(slopes.entropy), of_rows(slopes.max), of_rows(slopes.lse)
        self.received = self.weights = self.value = None
        if slopes.received is not None:
            assert weights is not None
            share = units.problem.share
            self.weights = units.queries(weights.mT).contiguous()  # [Z, R, T, W]
            self.received = units.mine(slopes.received.unflatten(1, (-1, share))).to(lse.dtype).contiguous()
        if self.out is not None:
            assert value is not None
            self.value = units.sources(value)
        self.found = found
        size, width = units.key.shape[1:]
        zeros = units.key.new_zeros
        self.for_key = None if found[1] is None else zeros(len(units.key), width, size)  # [Z, E, S]
        self.for_value = None
        if found[3] is not None and self.value is not None:
            self.for_value = zeros(len(units.key), self.value.shape[-1], size)  # [Z, F, S]

    def add(self, rows: slice, columns: slice) -> None:
        units = self.units
        exponents = units.exponents(rows, columns).sub_(self._stacked(self.high, rows))
        if not units.bounded or (self.entropy is not None and (units.hides or units.asked is not None)):
            exponents.clamp_(min=lowest_exponents(exponents.dtype)[1])
        slope = units.workspace.space("slope", tuple(exponents.shape), exponents)
        self._outer(slope, rows, columns)
        if self.entropy is not None:
            slope.addcmul_(exponents, self._stacked(self.entropy, rows), value=-LN2)
        powers = exponents.exp2_()
        if self.max is not None:
            slope.scatter_add_(-1, powers.argmax(dim=-1, keepdim=True), self._stacked(self.max, rows))
        if self.out is not None:
            assert self.value is not None
            own = self._stacked(self.out, rows)
            slope.baddbmm_(own, self.value[:, columns].mT)
            if self.for_value is not None:
                self.for_value[..., columns] += torch.bmm(own.mT, powers)
        self._add_weights(powers, rows, columns)
        slope.mul_(powers)
        mean = slope.sum(dim=-1, keepdim=True)
        if self.lse is not None:
            mean -= self._stacked(self.lse, rows)
        self._add_scores(slope.addcmul_(powers, mean, value=-1), rows, columns)

    def finish(self) -> None:
        units, (_, key, _, value, _) = self.units, self.found
        if key is not None and self.for_key is not None:
            # The queries carry log2(e).
            units.mine(key)[:] = self._seen(self.for_key.mT) * LN2
        if value is not None and self.for_value is not None:
            units.mine(value)[:] = self._seen(self.for_value.mT)

    def _outer(self, slope: Float[Tensor, "Z L C"], rows: slice, columns: slice) -> None:
        """Each query's weights times the slopes of what the sources received by them."""
        if self.received is None or self.weights is None:
            slope.zero_()
            return
        own, other = self.weights[:, :, rows], self.received[..., columns]  # [Z, R, M, W], [Z, R, W, C]
        apart = slope.view(*own.shape[:3], -1)
        if own.shape[-1] == 1:
            torch.mul(own, other, out=apart)
        else:
            torch.bmm(own.flatten(0, 1), other.flatten(0, 1), out=apart.flatten(0, 1))

    def _add_weights(self, powers: Float[Tensor, "Z L C"], rows: slice, columns: slice) -> None:
        weights = self.found[4]
        if weights is None or self.received is None:
            return
        other = self.received[..., columns].flatten(0, 1)  # [Z R, W, C]
        part = torch.bmm(other, powers.view(len(other), -1, powers.shape[-1]).mT)  # [Z R, W, M]
        own = self.units.mine(weights.unflatten(1, (-1, self.units.problem.share)))
        own[..., rows] += part.view(*own.shape[:3], -1)

    def _add_scores(self, slope: Float[Tensor, "Z L C"], rows: slice, columns: slice) -> None:
        """From the slopes of the scores to those of queries, keys and bias."""
        units, (query, _, bias, _, _) = self.units, self.found
        share = units.problem.share
        if query is not None:
            part = torch.bmm(slope, units.key[:, columns]).mul_(units.problem.scale)
            own = units.mine(query.unflatten(1, (-1, share)))[:, :, rows]  # [Z, R, M, E]
            own.copy_(part.view(own.shape))
        if self.for_key is not None:
            self.for_key[..., columns] += torch.bmm(self._stacked(units.query, rows).mT, slope)
        if bias is not None:
            for own, part in zip(units.bias_parts(bias, rows, columns), slope, strict=True):
                own += part.view(share, -1, part.shape[-1]).sum_to_size(own.shape)

    def _stacked(self, values: Float[Tensor, "Z R T F"], rows: slice) -> Float[Tensor, "Z L F"]:
        return values[:, :, rows].flatten(1, 2)

    def _seen(self, values: Float[Tensor, "Z S F"]) -> Float[Tensor, "Z S F"]:
        # Clamped powers leave a trace at unseen sources.
        return values if self.units.hidden is None else torch.where(self.units.hidden.mT == 0, values, 0.0)
