"""Mechanisms that look along edges. The references fill a matrix of all pairs and hide what has no edge."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from salience.kernels import reference
from tests.attention.case import Case


def leaky(values: Tensor) -> Tensor:
    return torch.where(values > 0, values, 0.2 * values)


def heads(mechanism: nn.Module, values: Tensor) -> Tensor:
    """[B, S, D] -> [B, H, S, C]"""
    return torch.stack(values.chunk(mechanism.heads, dim=-1), dim=1)


def mixed(scores: Tensor, offered: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    weights = reference.softmax(scores, seen[:, None])
    return torch.cat((weights @ offered).unbind(dim=1), dim=-1), weights


def gat(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    offered = heads(mechanism, source @ mechanism.source.weight.T)
    wants = torch.einsum("bhtc,hc->bht", offered, mechanism.of_query)
    offers = torch.einsum("bhsc,hc->bhs", offered, mechanism.of_source)
    return mixed(leaky(wants[..., None] + offers[:, :, None]), offered, seen)


def gatv2(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    offered = heads(mechanism, source @ mechanism.source.weight.T)
    wanted = heads(mechanism, query @ mechanism.query.weight.T + mechanism.query.bias)
    hidden = leaky(wanted[:, :, :, None] + offered[:, :, None])  # [B, H, T, S, C]
    return mixed(torch.einsum("bhtsc,hc->bhts", hidden, mechanism.v), offered, seen)


def dot(mechanism: nn.Module, query: Tensor, source: Tensor) -> Tensor:
    """The scaled dot product of each head. [B, H, T, S]"""
    projected = query @ mechanism.query.weight.T
    projected = projected if mechanism.query.bias is None else projected + mechanism.query.bias
    wanted, found = heads(mechanism, projected), heads(mechanism, source @ mechanism.key.weight.T)
    return wanted @ found.transpose(-1, -2) / wanted.shape[-1] ** 0.5


def transformer(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    return mixed(dot(mechanism, query, source), heads(mechanism, source @ mechanism.source.weight.T), seen)


def gated(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    offered = source @ mechanism.source.weight.T
    share = seen.to(offered.dtype)
    beside = share @ offered / share.sum(-1, keepdim=True).clamp(min=1)
    gate = (torch.cat([query, beside], -1) @ mechanism.opening.weight.T + mechanism.opening.bias).sigmoid()
    weights = reference.softmax(dot(mechanism, query, source), seen[:, None]) * gate.transpose(1, 2)[..., None]
    return torch.cat((weights @ heads(mechanism, offered)).unbind(dim=1), dim=-1), weights


def relational(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    offered = heads(mechanism, source @ mechanism.source.weight.T)
    wants = torch.einsum("bhtc,hc->bht", offered, mechanism.of_query[0])
    offers = torch.einsum("bhsc,hc->bhs", offered, mechanism.of_source[0])
    scores = wants[..., None] + offers[:, :, None] + mechanism.of_kind[0][:, None, None]
    return mixed(leaky(scores), offered, seen)


def row(name: str, made: type[nn.Module], expected, *, self_loops: bool) -> Case:
    return Case(
        name,
        lambda width: made(width, heads=3, self_loops=self_loops),
        expected,
        heads=3,
        lazy=True,
        cross=False,
        edges=True,
        loops=self_loops,
    )


CASES = (
    row("GAT", attention.GAT, gat, self_loops=False),
    row("GAT self_loops", attention.GAT, gat, self_loops=True),
    row("GATv2", attention.GATv2, gatv2, self_loops=False),
    row("GATv2 self_loops", attention.GATv2, gatv2, self_loops=True),
    row("GraphTransformer", attention.GraphTransformer, transformer, self_loops=False),
    row("GraphTransformer self_loops", attention.GraphTransformer, transformer, self_loops=True),
    replace(row("GatedGraph", attention.GatedGraph, gated, self_loops=False), normalised=False),
    replace(
        row("Relational", attention.Relational, relational, self_loops=False),
        make=lambda width: attention.Relational(width, heads=3),
    ),
)
