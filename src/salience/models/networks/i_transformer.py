"""Attention between variables, each of which is one position (Liu et al. 2024).

Legend: B windows, V variables, L steps of the look-back, D width, F steps of the horizon, Q numbers per forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention import MultiHead
from salience.core.batch import Batch
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.models.encoders.transformer import Layer
from salience.models.intervene import LastLook, Look
from salience.models.model import Output
from salience.models.networks.instance import Instance
from salience.models.networks.network import Network, WindowShape
from salience.models.networks.quieten import quieten
from salience.models.networks.some_queries import SomeQueries


class ITransformer(Network):
    r"""Variables look at each other: the whole past of each one is one vector.

    Idea: what one variable knows of another is a relation between two courses, not between two moments. Nothing says
    in which order variables stand, so that they may be put in any other. Nothing is normalised between the layers and
    the last map, and layers begin by adding next to nothing, so that the network begins as a linear one.

    Formula: :math:`z_v = W_e x_v + b_e` of the steps of each variable (and one vector per category), then layers
    of attention over v, then :math:`\hat y_v = W z_v + b`, at the level and scale of the window.

    Cost: O(V^2 D + V D^2) time per layer, O(V D) memory; (L + F) D parameters of the two maps.

    Works badly when: variables have nothing to do with each other; or when it matters at which moment something
    happened, which one linear map of the past cannot choose anew for each window.

    Records: of each layer, the last one asked by the targets. What a variable keeps of itself beside its attention
    (the residual) is not in it.

    Args:
        width: of a variable inside.
        layers: number of layers, at least 1.
        heads: of the attention; divides the width.
        feedforward: hidden units of the feed-forward step, per channel.
        dropout: share of channels dropped in training from variables and from what each step adds.

    Raises:
        ConfigError: no layer, or heads that do not divide the width.

    Reference: Liu et al. 2024, "iTransformer: Inverted Transformers Are Effective for Time Series Forecasting".
    """

    elements: ClassVar[str] = "variables"
    steps_apart: ClassVar[bool] = False

    def __init__(
        self,
        shape: WindowShape,
        *,
        width: int = 128,
        layers: int = 2,
        heads: int = 4,
        feedforward: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(shape)
        if layers < 1:
            raise ConfigError(f"expected at least 1 layer, got {layers}", where="ITransformer")
        self.stem = nn.Linear(shape.rows, width)
        # The course of a number tells what it is; that of a category does not.
        self.names = nn.Parameter(torch.randn(len(shape.plain), width) * width**-0.5) if shape.plain else None
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            Layer(width, MultiHead(width, heads=heads), hidden=feedforward * width, dropout=dropout)
            for _ in range(layers)
        )
        quieten(self.layers)
        self.head = nn.Linear(width, shape.horizon * shape.outputs)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B V D"]]:
        past, ahead = self._apart(batch)
        # What is known of the horizon stands at the scale of the training rows.
        steps = torch.cat([self.taken(past), ahead], dim=-1)
        values = self.stem(steps)
        if self.names is not None:
            plain = torch.tensor(self.shape.plain, device=values.device)
            values = values.index_add(1, plain, self.names.expand(len(values), -1, -1))
        return dict.fromkeys(self.columns, values)

    def read(self, embedded: Mapping[str, Float[Tensor, "B V D"]], batch: Batch) -> Output:
        (column,), targets = self.columns, self.shape.targets
        before, records = self._before(embedded, batch)
        values, record = self.layers[-1](before, batch.streams[column].layout)
        answer = self._forecast(values[:, list(targets)], batch)
        return Output(answer, {column: (*records, SomeQueries(record, targets))})

    def last_look(self, batch: Batch) -> LastLook:
        """Targets that look at variables in the last layer."""
        targets, layout = list(self.shape.targets), batch.streams[self.columns[0]].layout
        before, _ = self._before(self.embed(batch), batch)
        last = cast(Layer, self.layers[-1])
        weights = SomeQueries(last(before, layout)[1], targets).weights()
        return LastLook(
            (Look(weights, layout.mask[:, None].expand(-1, len(targets), -1)),),
            lambda told: self._forecast(last.remix(told[0], before, asking=targets), batch),
        )

    def _before(
        self, embedded: Mapping[str, Float[Tensor, "B V D"]], batch: Batch
    ) -> tuple[Float[Tensor, "B V D"], list[Attention]]:
        """What variables hold before the last layer, and where they looked until then."""
        (column,) = self.columns
        values, records = self.dropout(embedded[column]), []
        for layer in self.layers[:-1]:
            values, record = layer(values, batch.streams[column].layout)
            records.append(record)
        return values, records

    def _forecast(self, last: Float[Tensor, "B N D"], batch: Batch) -> Float[Tensor, "B C"]:
        shape = self.shape
        forecast = self.head(last).unflatten(-1, (shape.horizon, shape.outputs))
        return self.answer(Instance.of(self._apart(batch)[0]).given(forecast, shape.targets))

    def _apart(self, batch: Batch) -> tuple[Float[Tensor, "B V L"], Float[Tensor, "B V ahead"]]:
        values = self.values(batch)
        return values[..., : self.shape.look_back], values[..., self.shape.look_back :]
