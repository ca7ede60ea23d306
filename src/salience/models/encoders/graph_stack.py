"""Layers of graph attention: with each of them a node hears from one step further away (Velickovic et al. 2018).

Legend: B examples, S sources (nodes), W width, D width of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from jaxtyping import Float
from torch import Tensor, nn

import salience.attention as mechanisms
from salience.attention.graph import Graph
from salience.core.batch import Layout
from salience.core.build import build, find, named, options_of
from salience.core.errors import ConfigError, NotAvailable
from salience.core.record import Attention
from salience.kernels.asked import Asked
from salience.kernels.edges import Edges
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded
from salience.models.flow import through
from salience.models.incoming import Incoming
from salience.models.intervene import LastLook, Look


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
        records: list[Attention] = []

        def listen(layer: nn.Module, nodes: Float[Tensor, "B S D"]) -> Float[Tensor, "B S D"]:
            told, record = layer(nodes, layout=layout)
            if not self.residual:
                record.stays = 0.0
            records.append(record)
            return told

        return Encoded(self._heard(values, layout, listen), layout, tuple(records))

    def last_look(self, values: Float[Tensor, "B S W"], layout: Layout) -> LastLook:
        """The looks of all layers at once, from the last one to the first: each node among the messages to it.

        The importance of an edge, and of a node, is a product over layers, so that a test of it replaces the weights of
        all layers, and not those of the last one alone. A node counts in a layer for as much of the answer as it holds
        after it (`models.flow.rollout`): what nodes out of reach listen to changes nothing.

        Raises:
            NotAvailable: what a layer gives is no function of its weights.
        """
        assert layout.asked is not None
        for layer in self.layers:
            if not isinstance(layer, Graph):
                raise NotAvailable(
                    f"what {type(layer).__name__} gives is no function of its weights, so it cannot be given others",
                    where="GraphStack",
                    fix="choose a mechanism such as GATv2",
                )
        records = self(values, layout).records
        incoming, looks = [], []
        counts = Asked(layout.asked, layout).received().mean(1)
        for layer, record in zip(reversed(self.layers), reversed(records), strict=True):
            messages, real = cast(Graph, layer).messages(layout)
            incoming.append(Incoming(messages[1], layout, real=real))
            weights = incoming[-1].apart(cast(Edges, record).message_weights())
            looks.append(Look(weights, incoming[-1].seen, counts))
            counts = through(record, counts)

        def told(weights: Sequence[Tensor]) -> Encoded:
            left = [place.together(each) for place, each in zip(incoming, weights, strict=True)]

            def listen(layer: nn.Module, nodes: Float[Tensor, "B S D"]) -> Float[Tensor, "B S D"]:
                return cast(Graph, layer).remix(left.pop(), nodes, layout=layout)

            return Encoded(self._heard(values, layout, listen), layout)

        return LastLook(tuple(looks), told)

    def _heard(
        self,
        values: Float[Tensor, "B S W"],
        layout: Layout,
        listen: Callable[[nn.Module, Tensor], Tensor],
    ) -> Float[Tensor, "B S D"]:
        """What nodes hold after all layers, by how they listen in one of them."""
        values = blank(values, layout)
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            read = values if number == 0 else self.dropout(values)
            if number == len(self.layers) - 1:
                read = self.narrowed(read)
            told = listen(layer, norm(read))
            if number < len(self.layers) - 1 or self.residual:
                told = self.activation(told)
            values = read + told if self.residual else told
        return blank(values, layout)


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
