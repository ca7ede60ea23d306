"""Mechanisms that score every pair by themselves, and the softmax over all of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from salience.kernels import reference
from tests.attention.case import Case, in_heads, joined, mixed


def dot(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout, *, scale: float = 1.0):
    out, weights = reference.attention(query[:, None], source[:, None], source[:, None], seen, scale=scale)
    return out[:, 0], weights


def scaled_dot(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    return dot(mechanism, query, source, seen, layout, scale=query.shape[-1] ** -0.5)


def bilinear(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    scores = torch.einsum("btd,de,bse->bts", query, mechanism.matrix, source)
    return mixed(scores, source, seen)


def additive(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    asked = torch.einsum("btd,nd->btn", query, mechanism.query.weight)
    offered = torch.einsum("bsd,nd->bsn", source, mechanism.source.weight) + mechanism.source.bias
    hidden = torch.tanh(asked[:, :, None] + offered[:, None])
    return mixed(torch.einsum("btsn,n->bts", hidden, mechanism.v.weight[0]), source, seen)


def multi_head(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    out, weights = reference.attention(*in_heads(mechanism, query, source), seen)
    return joined(mechanism, out), weights


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
    Case(
        "MultiHead kv_heads",
        lambda width: attention.MultiHead(width, heads=3, kv_heads=1),
        multi_head,
        heads=3,
        lazy=True,
    ),
    Case("ScaledDot", attention.ScaledDot, scaled_dot),
)
