"""Mechanisms that look along time."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from salience.kernels import reference
from tests.attention.case import Case
from tests.attention.cases.long import heads, joined, projected
from tests.attention.question import E


def temporal(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    query, key, value = projected(mechanism, query, source)
    times = torch.arange(layout.size).expand(seen.shape[0], -1) if layout.times is None else layout.times
    elapsed = torch.stack([(times - each[:, None]).abs() for each in times.unbind(1)], dim=1).to(query)
    decay = (1 + mechanism.rate.exp()).log()[:, None, None] * elapsed[:, None] / mechanism.unit
    weights = reference.softmax(query @ key.transpose(2, 3) / E**0.5 - decay, seen[:, None])
    return joined(mechanism, weights, value), weights


def space_time(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    """Two dense attentions over all positions, most of them masked, and their product."""
    query, key, value = projected(mechanism, query, source)
    position, count = torch.arange(layout.size), math.prod(layout.grid[1:])
    same_place = position[:, None] % count == position % count
    same_frame = position[:, None] // count == position // count
    mixed, over_time = reference.attention(query, key, value, seen & same_place)
    mixed = torch.cat(mixed.unbind(dim=1), dim=-1)
    asking, offering = (heads(mechanism, each, mixed) for each in (mechanism.place_query, mechanism.place_key))
    over_places = reference.softmax(asking @ offering.transpose(2, 3) / E**0.5, (seen & same_frame)[:, None])
    weights = over_places @ over_time
    return joined(mechanism, weights, value), weights


def space_time_case(name: str, *grid: int) -> Case:
    return Case(
        name,
        lambda width: attention.SpaceTime(width, heads=3),
        space_time,
        heads=3,
        lazy=True,
        cross=False,
        ordered=True,
        grid=grid,
    )


def temporal_case(name: str, *, times: bool = True, causal: bool = False, unit: float = 1.0) -> Case:
    return Case(
        name,
        lambda width: attention.Temporal(width, heads=3, causal=causal, unit=unit),
        temporal,
        heads=3,
        lazy=True,
        cross=False,
        ordered=True,
        causal=causal,
        times=times,
    )


CASES = (
    space_time_case("SpaceTime", 5, 7),
    space_time_case("SpaceTime film", 5, 3, 2),
    temporal_case("Temporal", unit=0.5),
    temporal_case("Temporal steps", times=False),
    temporal_case("Temporal causal", causal=True),
    temporal_case("Temporal causal steps", times=False, causal=True, unit=2.0),
)
