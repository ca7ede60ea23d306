"""Mechanisms for which it matters where in a sequence a position stands."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from salience.kernels import reference
from tests.attention.case import Case, in_heads, joined, mixed


def distance(layout: Layout) -> Tensor:
    """From query to source. [S, S]"""
    position = torch.arange(layout.size)
    return position - position[:, None]


def scaled(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    out, weights = reference.attention(*in_heads(mechanism, query, source), seen)
    return joined(mechanism, out), weights


def in_window(mechanism: nn.Module, layout: Layout) -> Tensor:
    return (distance(layout).abs() <= mechanism.window)[None]


def in_window_or_token(mechanism: nn.Module, layout: Layout) -> Tensor:
    token = torch.arange(layout.size) < mechanism.tokens
    return in_window(mechanism, layout) | token | token[:, None]


def span_mask(mechanism: nn.Module, layout: Layout) -> Tensor:
    """[H, S, S]"""
    spans = mechanism.window / (1 + torch.exp(-mechanism.theta))
    away = distance(layout).abs()
    return torch.stack([((mechanism.ramp + span - away) / mechanism.ramp).clamp(0, 1) for span in spans])


def adaptive_span(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    queries, keys, values = in_heads(mechanism, query, source)
    soft = reference.softmax(torch.einsum("bhte,bhse->bhts", queries, keys) / queries.shape[-1] ** 0.5, seen[:, None])
    masked = soft * span_mask(mechanism, layout).to(soft.dtype)
    total = masked.sum(-1, keepdim=True)
    weights = masked / torch.where(total > 0, total, 1.0)
    return joined(mechanism, torch.einsum("bhts,bhse->bhte", weights, values)), weights


def hierarchical(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    """Group by group, and then over the vectors of the groups."""

    def scores(level: nn.Module, asked: Tensor, found: Tensor) -> Tensor:
        hidden = torch.tanh(found @ level.source.weight.T + level.source.bias)
        return hidden @ (level.query.weight @ asked)

    weights = torch.zeros(*seen.shape, dtype=query.dtype)
    for row, t in seen.any(-1).nonzero().tolist():
        asked, length = query[row, t], layout.lengths[row]
        numbers = torch.zeros(length) if layout.groups is None else layout.groups[row, :length]
        members = [torch.nonzero(numbers == number)[:, 0] for number in numbers.unique()]
        within = [scores(mechanism.members, asked, source[row, each]).softmax(0) for each in members]
        vectors = torch.stack([share @ source[row, each] for share, each in zip(within, members, strict=True)])
        between = scores(mechanism.groups, asked, vectors).softmax(0)
        shares = torch.cat([share * of_group for share, of_group in zip(within, between, strict=True)])
        weights = weights.index_put((torch.tensor(row), torch.tensor(t), torch.cat(members)), shares)
    return weights @ source, weights[:, None]


def interactive(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    asked = torch.tanh(torch.einsum("btd,ed->bte", query, mechanism.query.weight))
    offered = torch.tanh(torch.einsum("bsd,ed->bse", source, mechanism.source.weight))
    scores = torch.einsum("bte,bse->bts", asked, source) + torch.einsum("bte,bse->bts", query, offered)
    return mixed(scores, source, seen)


CASES = (
    Case(
        "AdaptiveSpan",
        lambda width: attention.AdaptiveSpan(width, window=5, ramp=2, heads=3),
        adaptive_span,
        heads=3,
        cross=False,
        ordered=True,
        every=False,
        lazy=True,
    ),
    Case(
        "AdaptiveSpan causal",
        lambda width: attention.AdaptiveSpan(width, window=3, ramp=3, heads=3, causal=True),
        adaptive_span,
        heads=3,
        cross=False,
        causal=True,
        every=False,
        lazy=True,
    ),
    Case(
        "GlobalTokens",
        lambda width: attention.GlobalTokens(width, tokens=2, window=2, heads=3),
        scaled,
        heads=3,
        cross=False,
        sees=in_window_or_token,
        lazy=True,
    ),
    Case("Hierarchical", attention.Hierarchical, hierarchical, groups=True),
    Case("Interactive", attention.Interactive, interactive),
    Case(
        "LocalWindow",
        lambda width: attention.LocalWindow(width, window=2, heads=3),
        scaled,
        heads=3,
        cross=False,
        sees=in_window,
        lazy=True,
    ),
    Case(
        "LocalWindow causal",
        lambda width: attention.LocalWindow(width, window=3, heads=3, causal=True),
        scaled,
        heads=3,
        cross=False,
        causal=True,
        sees=in_window,
        lazy=True,
    ),
)
