"""The common part of networks that are one linear map from the steps of a variable to those of its horizon.

Legend: B windows, L steps of the look-back, T steps that are read, V variables, N targets,
F steps of the horizon, Q numbers per forecast, R asked rows.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from salience.core.batch import Batch
from salience.models.model import Output
from salience.models.networks.contributions import Contributions
from salience.models.networks.network import Network, WindowShape


class LinearMap(Network):
    r"""Forecasts each target from its own past: :math:`\hat y_t = \sum_s w_{ts}\, x_s + b_t`.

    Its record is that of an exact sum (`Contributions`), with one query per step of the horizon and the absolute parts
    of all targets added up. A subclass gives `weight`.
    """

    elements: ClassVar[str] = "times"
    alone: ClassVar[bool] = True

    def __init__(self, shape: WindowShape) -> None:
        super().__init__(shape)
        self.bias = nn.Parameter(torch.zeros(shape.horizon * shape.outputs))

    @property
    @abstractmethod
    def weight(self) -> Float[Tensor, "FQ L"]:
        """What each step of the look-back counts for each number of the horizon."""

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B T V"]]:
        return {column: self.values(batch) for column in self.columns}

    def read(self, embedded: Mapping[str, Float[Tensor, "B T V"]], batch: Batch) -> Output:
        (column,), shape = self.columns, self.shape
        own, weight = embedded[column][:, : shape.look_back, list(shape.targets)], self.weight
        forecast = own.transpose(1, 2) @ weight.T + self.bias  # [B, N, F * Q]

        def sizes(index: Int[Tensor, "R"]) -> Float[Tensor, "B R T"]:
            each_step = weight.unflatten(0, (shape.horizon, shape.outputs)).abs().sum(1)
            parts = own.abs().sum(-1)[:, None] * each_step[index]
            return F.pad(parts, (0, shape.rows - shape.look_back))

        record = Contributions(sizes, queries=shape.horizon, layout=batch.streams[column].layout)
        return Output(self.answer(forecast.unflatten(-1, (shape.horizon, shape.outputs))), {column: (record,)})
