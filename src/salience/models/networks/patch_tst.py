"""Attention between patches of one variable (Nie et al. 2023).

Legend: B windows, V variables, BV variables of all windows, P patches of one variable, D width, N targets, F steps of
the horizon, Q numbers per forecast, C numbers per answer, R asked rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention import MultiHead
from salience.core.batch import Batch, Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.models.encoders.transformer import Layer
from salience.models.intervene import LastLook, Look
from salience.models.model import Output
from salience.models.networks.contributions import Contributions
from salience.models.networks.instance import Instance
from salience.models.networks.network import Network, WindowShape
from salience.models.networks.quieten import quieten
from salience.models.networks.within_variables import WithinVariables

_NOTE = "replaced is the attention between stretches in the last layer, before the sum whose parts are told"


class PatchTST(Network):
    r"""Stretches of a variable look at each other, and a linear map of all of them makes the forecast.

    Idea: a single step says little, a stretch has a shape; and variables that share all weights but never meet are
    many more examples. Patches begin at the steps of the look-back that `patch` divides; each one is read together
    with the next ones, as overlapping patches are. Nothing is normalised between the layers and the last map, and
    layers begin by adding next to nothing, so that the network begins as a linear one.

    Formula: :math:`z_p = W_e\,[x_p, x_{p+1}] + e_p`, then layers of attention over the p of one variable, then
    :math:`\hat y = W [z_1, ..., z_P] + b`, at the level and scale of the window.

    Cost: O(V P^2 D + V P D^2) time per layer, O(V P D) memory; P D F parameters of the last map.

    Works badly when: one variable tells of another, which this cannot see; or what matters is shorter than a patch.

    Records: of each layer, then that of the last map, an exact sum (`Contributions`) with one query per step of the
    horizon.

    Args:
        width: of a patch inside.
        layers: number of layers, at least 1.
        heads: of the attention; divides the width.
        feedforward: hidden units of the feed-forward step, per channel.
        dropout: share of channels dropped in training from patches, from what each step adds, and before the last map.
        reach: how many neighbouring patches are read as one.

    Raises:
        ConfigError: no layer, a reach below one, heads that do not divide the width, or windows without patches.

    Reference: Nie et al. 2023, "A Time Series is Worth 64 Words: Long-term Forecasting with Transformers".
    """

    elements: ClassVar[str] = "patches"
    alone: ClassVar[bool] = True

    def __init__(
        self,
        shape: WindowShape,
        *,
        width: int = 16,
        layers: int = 3,
        heads: int = 4,
        feedforward: int = 4,
        dropout: float = 0.2,
        reach: int = 2,
    ) -> None:
        super().__init__(shape)
        if min(layers, reach) < 1:
            raise ConfigError(f"expected at least 1 layer and a reach of 1, got {layers} and {reach}", where="PatchTST")
        positions, self.patch = shape.positions["patches"]
        patches = positions // shape.variables
        self.reach = reach
        self.stem = nn.Linear(reach * self.patch, width)
        self.positions = nn.Parameter(0.02 * torch.randn(patches, width))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            Layer(width, MultiHead(width, heads=heads), hidden=feedforward * width, dropout=dropout)
            for _ in range(layers)
        )
        quieten(self.layers)
        self.head = nn.Linear(patches * width, shape.horizon * shape.outputs)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
        windows = self._windows(batch)
        steps = self.taken(windows)
        # The last value is repeated for the patches that reach beyond the end.
        steps = F.pad(steps, (0, (self.reach - 1) * self.patch), mode="replicate")
        patches = steps.unfold(-1, self.reach * self.patch, self.patch)  # [B, V, P, reach * patch]
        return {column: self.stem(patches).flatten(1, 2) for column in self.columns}

    def read(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> Output:
        (column,) = self.columns
        layout = batch.streams[column].layout
        before, records = self._before(embedded)
        values, record = self.layers[-1](before, _full(before))
        last = self._of_targets(values)
        answer, parts = self._forecast(last, batch), self._parts(last, Instance.of(self._windows(batch)), layout)
        every = (WithinVariables(each, layout) for each in (*records, record))
        return Output(answer, {column: (*every, parts)})

    def last_look(self, batch: Batch) -> LastLook:
        """Patches of the targets that look at each other in the last layer. The map that adds them up stays."""
        targets = len(self.shape.targets)
        every, _ = self._before(self.embed(batch))
        last = cast(Layer, self.layers[-1])
        before = self._of_targets(every).flatten(0, 1)  # [B * N, P, D]
        weights = last(before, _full(before))[1].weights()  # [B * N, H, P, P]
        weights = weights.unflatten(0, (-1, targets)).transpose(1, 2).flatten(2, 3)  # [B, H, N * P, P]

        def told(weights: Sequence[Tensor]) -> Float[Tensor, "B C"]:
            apart = weights[0].unflatten(2, (targets, -1)).transpose(1, 2).flatten(0, 1)
            return self._forecast(last.remix(apart, before).unflatten(0, (-1, targets)), batch)

        return LastLook((Look(weights, torch.ones_like(weights[:, 0], dtype=torch.bool)),), told, note=_NOTE)

    def _before(
        self, embedded: Mapping[str, Float[Tensor, "B S D"]]
    ) -> tuple[Float[Tensor, "BV P D"], list[Attention]]:
        """What patches hold before the last layer, each variable for itself, and where they looked until then."""
        (column,) = self.columns
        values = embedded[column].unflatten(1, (self.shape.variables, -1)).flatten(0, 1)
        values, records = self.dropout(values + self.positions), []
        for layer in self.layers[:-1]:
            values, record = layer(values, _full(values))
            records.append(record)
        return values, records

    def _of_targets(self, values: Float[Tensor, "BV P D"]) -> Float[Tensor, "B N P D"]:
        return values.unflatten(0, (-1, self.shape.variables))[:, list(self.shape.targets)]

    def _forecast(self, last: Float[Tensor, "B N P D"], batch: Batch) -> Float[Tensor, "B C"]:
        shape = self.shape
        forecast = self.head(self.dropout(last.flatten(2))).unflatten(-1, (shape.horizon, shape.outputs))
        return self.answer(Instance.of(self._windows(batch)).given(forecast, shape.targets))

    def _windows(self, batch: Batch) -> Float[Tensor, "B V L"]:
        return self.values(batch).flatten(1).unflatten(1, (self.shape.variables, -1))

    def _parts(self, last: Float[Tensor, "B N P D"], instance: Instance, layout: Layout) -> Contributions:
        shape, width = self.shape, last.shape[-1]
        weight = self.head.weight.unflatten(0, (shape.horizon, shape.outputs)).unflatten(-1, (-1, width))
        targets = torch.tensor(shape.targets, device=last.device)

        def sizes(index: Int[Tensor, "R"]) -> Float[Tensor, "B R S"]:
            parts = torch.einsum("bnpd,rqpd->brnpq", last, weight[index]).abs().sum(-1)  # [B, R, N, P]
            parts = parts * instance.scale[:, targets, 0][:, None, :, None]
            every = parts.new_zeros(*parts.shape[:2], shape.variables, parts.shape[-1])
            return every.index_add(2, targets, parts).flatten(2)

        return Contributions(sizes, queries=shape.horizon, layout=layout)


def _full(values: Float[Tensor, "N P D"]) -> Layout:
    return Layout(torch.full((len(values),), values.shape[1], device=values.device), values.shape[1])
