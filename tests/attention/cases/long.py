"""Mechanisms for long sequences: linear, low-rank, and segment by segment."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from salience.kernels import reference
from tests.attention.case import Case
from tests.attention.question import WIDTH, B, E, H


def heads(mechanism: nn.Module, projection: nn.Linear, values: Tensor) -> Tensor:
    projected = values @ projection.weight.T
    projected = projected if projection.bias is None else projected + projection.bias
    return torch.stack(projected.chunk(mechanism.heads, dim=-1), dim=1)


def projected(mechanism: nn.Module, query: Tensor, source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return (
        heads(mechanism, mechanism.query, query),
        heads(mechanism, mechanism.key, source),
        heads(mechanism, mechanism.value, source),
    )


def joined(mechanism: nn.Module, weights: Tensor, value: Tensor) -> Tensor:
    mixed = torch.einsum("bhts,bhse->bhte", weights, value)
    return torch.cat(mixed.unbind(dim=1), dim=-1) @ mechanism.out.weight.T + mechanism.out.bias


def linear(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    query, key, value = projected(mechanism, query, source)
    key = key + torch.stack(mechanism.key_bias.chunk(mechanism.heads))[:, None]
    asked, offered = (torch.where(each > 0, each + 1, each.clamp(max=0).exp()) for each in (query, key))
    products = torch.einsum("bhte,bhse->bhts", asked, offered) * seen[:, None]
    total = products.sum(dim=-1, keepdim=True)
    weights = products / torch.where(total > 0, total, 1.0)
    return joined(mechanism, weights, value), weights


def linformer(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    query, key, value = projected(mechanism, query, source)
    real, size = layout.mask[:, None], layout.size
    key_map, value_map = ((each[:, :size] * real)[:, None] for each in (mechanism.key_map, mechanism.value_map))
    landmarks = torch.einsum("bils,bhse->bhle", key_map, key)
    scores = torch.einsum("bhte,bhle->bhtl", query, landmarks) / E**0.5
    shares = scores.exp() / scores.exp().sum(dim=-1, keepdim=True)
    weights = torch.einsum("bhtl,bils->bhts", shares, value_map) * seen[:, None]
    return joined(mechanism, weights, value), weights


def nystrom(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    """Example by example, without padding and without landmarks that are not there."""
    query, key, value = projected(mechanism, query, source)
    weights = torch.zeros(*query.shape[:3], key.shape[2], dtype=query.dtype)
    for row, mask in enumerate(seen):
        own, others = mask.any(dim=1), mask.any(dim=0)
        if own.any():
            near = low_rank(mechanism, query[row][:, own], key[row][:, others])
            weights = weights.index_put((torch.tensor(row), *pairs(own, others)), near)
    return joined(mechanism, weights, value), weights


def pairs(own: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Index of all heads, of the real queries and of the real sources."""
    return torch.arange(H)[:, None, None], own.nonzero(), others.nonzero()[:, 0]


def low_rank(mechanism: nn.Module, query: Tensor, key: Tensor) -> Tensor:
    def means(values: Tensor) -> Tensor:
        size = values.shape[1]
        count = min(size, mechanism.landmarks)
        owner = [position * count // size for position in range(size)]
        members = [[at for at in range(size) if owner[at] == each] for each in range(count)]
        return torch.stack([values[:, each].mean(dim=1) for each in members], dim=1)

    def kernel(query: Tensor, key: Tensor) -> Tensor:
        scores = query @ key.transpose(1, 2) / E**0.5
        return reference.softmax(scores[None], torch.ones(1, 1, *scores.shape[1:], dtype=torch.bool))[0]

    middle = kernel(means(query), means(key))
    bound = middle.abs().sum(dim=2).amax(dim=1) * middle.abs().sum(dim=1).amax(dim=1)
    inverse = middle.transpose(1, 2) / bound[:, None, None]
    for _ in range(mechanism.iterations):
        one, product = torch.eye(middle.shape[1]).to(middle), middle @ inverse
        inverse = 0.25 * inverse @ (13 * one - product @ (15 * one - product @ (7 * one - product)))
    return kernel(query, means(key)) @ inverse @ kernel(means(query), key)


def segment_recurrence(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    """One pair at a time, its distance and whether it reaches into the memory included."""
    size, half = layout.size, (WIDTH + 1) // 2
    query, key, value = projected(mechanism, source, source)
    _, key_memory, value_memory = projected(mechanism, source, source.detach())
    scores, sources = torch.empty(B, H, size, size).to(query), torch.empty(B, H, size, size, E).to(query)
    for t in range(size):
        for s in range(size):
            angles = (t - s) / 10_000 ** (torch.arange(half).to(query) * 2 / WIDTH)
            wave = torch.cat([angles.sin(), angles.cos()])[:WIDTH] @ mechanism.distance.weight.T
            old = t // mechanism.segment != s // mechanism.segment
            content = (query[:, :, t] + mechanism.content_bias) * (key_memory if old else key)[:, :, s]
            distance = (query[:, :, t] + mechanism.distance_bias) * wave.view(H, E)
            scores[:, :, t, s] = (content + distance).sum(dim=-1) / E**0.5
            sources[:, :, t, s] = (value_memory if old else value)[:, :, s]
    weights = reference.softmax(scores, seen[:, None])
    mixed = torch.einsum("bhts,bhtse->bhte", weights, sources)
    return torch.cat(mixed.unbind(dim=1), dim=-1) @ mechanism.out.weight.T + mechanism.out.bias, weights


def same_or_next(mechanism: nn.Module, layout: Layout) -> Tensor:
    segment = torch.arange(layout.size) // mechanism.segment
    before = segment[:, None] - segment
    return ((before == 0) | (before == 1))[None]


CASES = (
    Case("Linear", lambda width: attention.Linear(width, heads=3), linear, heads=3, lazy=True),
    Case(
        "Linear causal",
        lambda width: attention.Linear(width, heads=3, causal=True),
        linear,
        heads=3,
        lazy=True,
        causal=True,
    ),
    Case(
        "Linformer",
        lambda width: attention.Linformer(width, heads=3, landmarks=5, longest=223),
        linformer,
        heads=3,
        lazy=True,
        ordered=True,
        normalised=False,
    ),
    Case(
        "Nystrom",
        lambda width: attention.Nystrom(width, heads=3, landmarks=5),
        nystrom,
        heads=3,
        lazy=True,
        ordered=True,
        normalised=False,
    ),
    Case(
        "SegmentRecurrence",
        lambda width: attention.SegmentRecurrence(width, heads=3, segment=3),
        segment_recurrence,
        heads=3,
        lazy=True,
        cross=False,
        ordered=True,
        sees=same_or_next,
    ),
    Case(
        "SegmentRecurrence causal",
        lambda width: attention.SegmentRecurrence(width, heads=3, segment=5, causal=True),
        segment_recurrence,
        heads=3,
        lazy=True,
        causal=True,
        cross=False,
        ordered=True,
        sees=same_or_next,
    ),
)
