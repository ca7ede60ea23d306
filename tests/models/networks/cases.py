"""The contract table of networks: one row (or more) for every public name of the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from salience.core.batch import Batch, Layout, Stream
from salience.core.build import build
from salience.models import networks
from salience.models.networks.network import Network, WindowShape

B, V, F, PATCH = 5, 3, 7, 11
SHAPE = WindowShape(look_back=2 * PATCH, horizon=F, variables=V, targets=(2, 0), outputs=2, patch=PATCH, column="a.b")


@dataclass(frozen=True)
class Case:
    """A network, its options, and what it promises."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Variables may stand in any order.
    equivariant: bool = False
    #: No variable sees another one.
    independent: bool = False
    #: Which shape it reads besides: with variables that are known ahead.
    reads_ahead: bool = False

    def __str__(self) -> str:
        return "-".join([self.name, *(f"{key}={value}" for key, value in self.options.items())])

    @property
    def shapes(self) -> tuple[WindowShape, ...]:
        """Those that it is tested with."""
        if networks.PatchTST.__name__ == self.name:
            return (SHAPE,)
        return SHAPE, replace(SHAPE, future=2)


NETWORKS = [
    Case("DLinear", {"average": 5}, equivariant=True, independent=True),
    Case("NLinear", equivariant=True, independent=True),
    Case("PatchTST", {"width": 6, "heads": 2}, equivariant=True, independent=True),
    Case("PatchTST", {"width": 6, "heads": 2, "layers": 1, "reach": 1}, equivariant=True, independent=True),
    Case("ITransformer", {"width": 6, "heads": 2}, equivariant=True, reads_ahead=True),
    Case("TemporalFusion", {"width": 6, "heads": 2}, reads_ahead=True),
    Case("RecurrentAttention", {"width": 6, "heads": 2}, reads_ahead=True),
    Case("RecurrentAttention", {"width": 6, "heads": 2, "cell": "GRU", "among": {"Temporal": {"heads": 2}}}),
    Case("RecurrentAttention", {"width": 6, "heads": 2, "among": {"SegmentRecurrence": {"heads": 2, "segment": 5}}}),
]


def make(case: Case, shape: WindowShape = SHAPE) -> Network:
    """The network of a row, ready to be asked, in float64."""
    torch.manual_seed(0)
    return build({case.name: dict(case.options)}, networks, shape).double().eval()


def windows(network: Network, *, count: int = B) -> Batch:
    """Windows as the network reads them."""
    generator = torch.Generator().manual_seed(1)
    size, numbers = network.shape.positions[network.elements]
    return of(network, torch.randn(count, size, numbers, generator=generator, dtype=torch.float64))


def of(network: Network, values: torch.Tensor) -> Batch:
    """A batch of these values."""
    size = values.shape[1]
    layout = Layout(torch.full((len(values),), size), size)
    return Batch({network.shape.column: Stream(values, layout)})


def one_variable_after_the_other(network: Network, values: torch.Tensor) -> torch.Tensor:
    """A view of positions and numbers in which the variable is the second axis."""
    if network.elements == "times":
        return values.transpose(1, 2)
    if network.elements == "cells":
        return values.unflatten(1, (-1, network.shape.variables)).transpose(1, 2)
    return values.unflatten(1, (network.shape.variables, -1))
