"""Mechanisms that look along time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from salience.kernels import reference
from tests.attention.case import Case
from tests.attention.cases.long import joined, projected
from tests.attention.question import E


def temporal(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    query, key, value = projected(mechanism, query, source)
    times = torch.arange(layout.size).expand(seen.shape[0], -1) if layout.times is None else layout.times
    elapsed = torch.stack([(times - each[:, None]).abs() for each in times.unbind(1)], dim=1).to(query)
    decay = (1 + mechanism.rate.exp()).log()[:, None, None] * elapsed[:, None] / mechanism.unit
    weights = reference.softmax(query @ key.transpose(2, 3) / E**0.5 - decay, seen[:, None])
    return joined(mechanism, weights, value), weights


def case(name: str, *, times: bool = True, causal: bool = False, unit: float = 1.0) -> Case:
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
    case("Temporal", unit=0.5),
    case("Temporal steps", times=False),
    case("Temporal causal", causal=True),
    case("Temporal causal steps", times=False, causal=True, unit=2.0),
)
