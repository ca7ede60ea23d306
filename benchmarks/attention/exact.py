"""How far importances are from float64, beside how far the eager way is that makes all weights in float32.

Inputs: 1,000 positions (no multiple of any tile), 8 heads of width 64. "Relative" is the largest error divided by the
largest true value. Half precision is compared with float64 of the same half precision inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.attention.problems import Size
from benchmarks.measure import Row, show
from salience.kernels.flow import Layer, attention_relevance, attention_rollout
from salience.kernels.importance import attention_importance, scaled_dot_product_attention_with_importance
from salience.kernels.log_sum_exp import output_and_lse
from salience.kernels.problem import Problem

POSITIONS, LAYERS, TOP, SCALE = 1000, 12, 8, 0.125
#: The spread of the queries, and the largest score it makes, to be told.
SPREADS = (1.0, 4.0, 16.0)
#: The bars hold for scores of up to 25.
BARS = {
    "received": "<= 1e-05",
    "entropy": "<= 2e-05",
    "gradients": "<= 1e-05",
    "rollout over 12 layers": "<= 1e-05",
}
RELATIVE = {"received", "gradients", "rollout over 12 layers", "Chefer relevance over 12 layers"}


def rows() -> list[Row]:
    """Errors of ours and of the eager way, at three sharpnesses, causal and not; and in half precision."""
    found = []
    for causal in (False, True):
        for spread in SPREADS:
            case = Case(spread, causal)
            found += case.rows(torch.float32)
            show(found[-len(BARS) - 2 :])
    for spread in SPREADS[:2]:
        found += Case(spread, False).rows(torch.bfloat16)
        show(found[-2:])
    return found + conserved()


@dataclass(frozen=True)
class Case:
    """One setting."""

    spread: float
    causal: bool

    def rows(self, dtype: torch.dtype) -> list[Row]:
        """The errors of everything in this type."""
        layers = [self._tensors(seed, dtype) for seed in range(LAYERS)]
        truth = dense([[each.double() for each in tensors] for tensors in layers], self.causal)
        eager, ours = dense(layers, self.causal), fused(layers, self.causal)
        highest = float((layers[0][0].double() @ layers[0][1].double().mT).abs().max() * SCALE)
        where = f"scores to {highest:.0f}{', causal' if self.causal else ''}"
        if dtype == torch.bfloat16:
            mine, its = error("received", ours, truth), error("received", eager, truth)
            bar = f"<= {min(1e-4, its / 10):.1e}"
            return [Row(f"error of received, bfloat16, {where}", mine, "", bar=bar, note=f"eager bfloat16: {its:.2g}")]
        found = []
        for name in ours:
            mine, its = error(name, ours, truth), error(name, eager, truth)
            kind = "relative" if name in RELATIVE else "absolute"
            bar = BARS.get(name) if highest <= 25 else None
            found.append(Row(f"error of {name}, {where}", mine, "", bar=bar, note=f"{kind}; eager float32: {its:.2g}"))
        # The first queries of a causal attention see fewer than that many.
        seen = truth["top 8 weights"] > 0
        same = (ours["top 8 sources"] == truth["top 8 sources"])[seen].double().mean()
        found.append(Row(f"top 8 sources that are those of float64, {where}", 100 * float(same), "%"))
        return [row for row in found if "error of top 8 sources" not in row.what]

    def _tensors(self, seed: int, dtype: torch.dtype) -> list[Tensor]:
        torch.manual_seed(seed)
        made = [torch.randn(1, 8, POSITIONS, 64) for _ in range(4)]
        made[0] *= self.spread
        return [each.to(dtype) for each in made]


def fused(layers: Sequence[Sequence[Tensor]], causal: bool) -> dict[str, Tensor]:
    """Everything by our kernels."""
    query, key, value, slope = (each.clone().requires_grad_() for each in layers[0])
    told = attention_importance(*layers[0][:2], reduce=("received", "entropy", "top"), top_k=TOP, is_causal=causal)
    out, received = scaled_dot_product_attention_with_importance(query, key, value, is_causal=causal)
    marks = _marks().to(received.dtype)
    gradients = torch.autograd.grad((out, received), (query, key, value), (slope.detach(), marks))
    flows = [_layer(*tensors, causal) for tensors in layers]
    return {
        "received": told.received,
        "entropy": told.entropy,
        "top 8 weights": told.top_values,
        "top 8 sources": told.top_indices,
        "gradients": torch.stack(gradients),
        "rollout over 12 layers": attention_rollout(flows, -1),
        "Chefer relevance over 12 layers": attention_relevance(flows, -1),
    }


def dense(layers: Sequence[Sequence[Tensor]], causal: bool) -> dict[str, Tensor]:
    """Everything from full matrices, in the type of the inputs, as models do it."""
    query, key, value, slope = (each.clone().requires_grad_() for each in layers[0])
    weights = _weights(query, key, causal)
    received = weights.mean(2)
    gradients = torch.autograd.grad(
        (weights @ value, received), (query, key, value), (slope.detach(), _marks().to(received.dtype))
    )
    top = weights.detach().topk(TOP, -1)
    rollout = relevance = torch.zeros(POSITIONS, dtype=query.dtype).index_fill(0, torch.tensor(POSITIONS - 1), 1.0)
    for q, k, v, grad in reversed(layers):
        matrix = _weights(q, k, causal)
        rollout = (rollout + rollout @ matrix.mean(1)[0]) / 2
        relevance = relevance + relevance @ (matrix * (grad @ v.mT)).clamp(min=0).mean(1)[0]
    return {
        "received": received.detach(),
        "entropy": -torch.xlogy(weights, weights).sum(-1).detach(),
        "top 8 weights": top.values,
        "top 8 sources": top.indices,
        "gradients": torch.stack(gradients),
        "rollout over 12 layers": rollout[None, None],
        "Chefer relevance over 12 layers": relevance[None, None],
    }


def error(name: str, found: Mapping[str, Tensor], truth: Mapping[str, Tensor]) -> float:
    """The largest error; of some results divided by the largest true value."""
    largest = (found[name].double() - truth[name]).abs().max()
    return float(largest / truth[name].abs().max() if name in RELATIVE else largest)


def conserved() -> list[Row]:
    """What has to hold whatever the scores."""
    query, key, value = Size(POSITIONS, causal=True).tensors()
    once = scaled_dot_product_attention_with_importance(query, key, value, is_causal=True)
    again = scaled_dot_product_attention_with_importance(query, key, value, is_causal=True)
    bits = sum(int((one != other).sum()) for one, other in zip(once, again, strict=True))
    off = float((once[1].double().sum(-1) - 1).abs().max())
    found = [
        Row("received, distance of its sum from one", off, "", bar="<= 1e-05"),
        Row("numbers that differ when a call is repeated", bits, "", bar="0"),
    ]
    show(found)
    return found


def _weights(query: Tensor, key: Tensor, causal: bool) -> Tensor:
    scores = query @ key.mT * SCALE
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1).bool(), -torch.inf)
    return scores.softmax(-1, dtype=torch.promote_types(query.dtype, torch.float32)).to(query.dtype)


def _layer(query: Tensor, key: Tensor, value: Tensor, slope: Tensor, causal: bool) -> Layer:
    problem = Problem(query, key, SCALE, causal=causal)
    return Layer(problem, output_and_lse(problem, value)[1], value, slope)


def _marks() -> Tensor:
    return torch.randn(1, 8, POSITIONS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
