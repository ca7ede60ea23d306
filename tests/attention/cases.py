"""The contract table: one row for each mechanism, and one for each option that changes what it computes.

A row tells how to make the mechanism and what it should compute, written down a second time and as plainly as possible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from salience import attention
from salience.kernels import reference

# (mechanism, query [B, T, D], source [B, S, D], seen [B, T, S]) -> (output [B, T, D], weights [B, H, T, S])
Reference = Callable[[nn.Module, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    make: Callable[[int], nn.Module]  # width -> mechanism
    reference: Reference
    heads: int = 1
    lazy: bool = False  # the record holds O((T + S) D) numbers
    causal: bool = False  # query t sees the sources 0 to t; self-attention only


def dot(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, *, scale: float = 1.0):
    out, weights = reference.attention(query[:, None], source[:, None], source[:, None], seen, scale=scale)
    return out[:, 0], weights


def scaled_dot(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor):
    return dot(mechanism, query, source, seen, scale=query.shape[-1] ** -0.5)


def bilinear(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor):
    scores = torch.einsum("btd,de,bse->bts", query, mechanism.matrix, source)
    return mixed(scores, source, seen)


def additive(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor):
    asked = torch.einsum("btd,nd->btn", query, mechanism.query.weight)
    offered = torch.einsum("bsd,nd->bsn", source, mechanism.source.weight) + mechanism.source.bias
    hidden = torch.tanh(asked[:, :, None] + offered[:, None])
    return mixed(torch.einsum("btsn,n->bts", hidden, mechanism.v.weight[0]), source, seen)


def multi_head(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor):
    def heads(projection: nn.Linear, values: Tensor) -> Tensor:
        projected = values @ projection.weight.T
        projected = projected if projection.bias is None else projected + projection.bias
        return torch.stack(projected.chunk(mechanism.heads, dim=-1), dim=1)

    projected = heads(mechanism.query, query), heads(mechanism.key, source), heads(mechanism.value, source)
    out, weights = reference.attention(*projected, seen)
    return torch.cat(out.unbind(dim=1), dim=-1) @ mechanism.out.weight.T + mechanism.out.bias, weights


def mixed(scores: Tensor, source: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax and the weighted sum of the sources themselves."""
    weights = reference.softmax(scores[:, None], seen[:, None])
    return torch.einsum("bts,bsd->btd", weights[:, 0], source), weights


CASES = (
    Case("Additive", attention.Additive, additive),
    Case("Additive hidden", lambda width: attention.Additive(width, hidden=2), additive),
    Case("Bilinear", attention.Bilinear, bilinear),
    Case("Dot", attention.Dot, dot),
    Case("MultiHead", lambda width: attention.MultiHead(width, heads=3), multi_head, heads=3, lazy=True),
    Case(
        "MultiHead causal",
        lambda width: attention.MultiHead(width, heads=3, causal=True),
        multi_head,
        heads=3,
        lazy=True,
        causal=True,
    ),
    Case("ScaledDot", attention.ScaledDot, scaled_dot),
)
