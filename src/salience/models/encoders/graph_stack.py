"""Layers of graph attention: with each of them a node hears from one step further away (Velickovic et al. 2018).

Legend: B examples, S sources (nodes), W width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

import salience.attention as mechanisms
from salience.core.batch import Layout
from salience.core.build import build, find, named, options_of
from salience.core.errors import ConfigError
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded


class GraphStack(nn.Module):
    r"""Each layer lets nodes look along their edges: :math:`x \gets \mathrm{ELU}(\mathrm{attention}(x))`, or, with
    `residual`, :math:`x \gets x + \mathrm{ELU}(\mathrm{attention}(\mathrm{norm}(x)))`.

    Idea: as many layers as steps; a node that is asked about knows its neighbourhood, and its records tell along which
    edges. The last layer has no ELU, because the head follows it.
    Cost: that of the mechanism, for each layer.
    Works badly when: layers are many; all nodes become alike (Li et al. 2018, "Deeper Insights into Graph Convolutional
    Networks").

    Args:
        layers: number of layers, at least 1. The data should reach as far: see `hops` of the modality.
        attention: a mechanism that looks along edges, as a config names it.
        last: the mechanism of the last layer, if that is another one: the paper has one head there, and eight before.
        dropout: share of channels dropped in training from what each layer but the first reads.
        narrow: the width of the last layer, by default that of the others. In the paper it is the number of classes, so
            that neighbours are weighed by what they are taken for.
        residual: whether a layer adds what it gathers to what it read. Without it a node hears itself only along an
            edge to itself.
        edge_features: how many numbers each edge has; a pipeline says it by itself.

    Raises:
        ConfigError: no layer, a mechanism that does not look along edges, or not at what they say where edges have
            numbers, or an unknown name or option.

    Reference: Velickovic et al. 2018, "Graph Attention Networks", section 3.3.
    """

    def __init__(
        self,
        width: int,
        *,
        layers: int = 2,
        attention: str | Mapping[str, Any] = "GAT",
        last: str | Mapping[str, Any] | None = None,
        narrow: int | None = None,
        dropout: float = 0.1,
        residual: bool = False,
        edge_features: int = 0,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(f"expected at least 1 layer, got {layers}", where="GraphStack", fix="or use Identity")
        self.width = narrow or width
        self.narrowed = nn.Identity() if narrow is None else nn.Linear(width, narrow, bias=False)
        inner, outer = (_reading(each, edge_features) for each in (attention, last or attention))
        self.layers = nn.ModuleList(build(inner, mechanisms, width) for _ in range(layers - 1))
        self.layers.append(build(outer, mechanisms, self.width))
        for each in self.layers:
            _check(each)
        widths = [width] * (layers - 1) + [self.width]
        self.norms = nn.ModuleList(nn.LayerNorm(each) if residual else nn.Identity() for each in widths)
        self.residual = residual
        self.activation = nn.ELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        values = blank(values, layout)
        records = []
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            read = values if number == 0 else self.dropout(values)
            if number == len(self.layers) - 1:
                read = self.narrowed(read)
            told, record = layer(norm(read), layout=layout)
            if number < len(self.layers) - 1 or self.residual:
                told = self.activation(told)
            values = read + told if self.residual else told
            if not self.residual:
                record.stays = 0.0
            records.append(record)
        return Encoded(blank(values, layout), layout, tuple(records))


def _reading(choice: str | Mapping[str, Any], edge_features: int) -> str | Mapping[str, Any]:
    """The mechanism, told how many numbers each edge has.

    Raises:
        ConfigError: it does not read them.
    """
    name, options = named(choice)
    if not edge_features:
        return choice
    if "edge_features" not in options_of(find(name, mechanisms)):
        able = [each for each in mechanisms.__all__ if "edge_features" in options_of(getattr(mechanisms, each))]
        raise ConfigError(
            f"{name} does not read the features of edges",
            where="GraphStack",
            fix=f"choose {' or '.join(able)}, or leave edge_features of the input out",
        )
    return {name: {**options, "edge_features": edge_features}}


def _check(mechanism: nn.Module) -> None:
    if "edges" not in getattr(mechanism, "needs", ()):
        raise ConfigError(
            f"{type(mechanism).__name__} does not look along edges",
            where="GraphStack",
            fix="choose GAT, GATv2 or another mechanism for graphs, or the encoder Transformer",
        )
