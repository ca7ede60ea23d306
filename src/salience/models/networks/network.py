"""What a whole network is: it reads windows of a series from end to end and says where in them it looked.

Legend: B windows, S positions, D width, V variables, L steps of the look-back, T steps that are read, N targets,
F steps of the horizon, Q numbers per forecast.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.models.intervene import LastLook
from salience.models.model import Output
from salience.models.networks.instance import Instance


@dataclass(frozen=True, kw_only=True)
class WindowShape:
    """How large the windows are that a network reads, and what it forecasts of them.

    Variables are whatever has a number at each step: indicators of missing numbers count as such, and so do numbers
    that stay the same within a series.

    Raises:
        ConfigError: a length below one, a target that is no variable, or patches that do not fill the look-back.
    """

    look_back: int
    horizon: int
    variables: int
    #: Which variables are forecast, counted from 0, in the order of the answer.
    targets: tuple[int, ...]
    #: Numbers per forecast: 1, or that of the quantiles.
    outputs: int = 1
    #: How many of the variables are known for the steps of the horizon, which are then read as well.
    future: int = 0
    #: Variables that say what holds and not how much (categories, what never changes): they have no level and no scale.
    plain: tuple[int, ...] = ()
    #: Steps of one patch, for networks that read patches.
    patch: int | None = None
    #: The input that is read.
    column: str = "series"

    def __post_init__(self) -> None:
        least = min(self.look_back, self.horizon, self.variables, self.outputs, len(self.targets))
        if least < 1:
            raise ConfigError(f"every length must be at least 1, got {self}", where="the shape of the windows")
        wrong = [each for each in self.targets if not 0 <= each < self.variables]
        if wrong:
            raise ConfigError(
                f"the targets {wrong} are none of the variables 0 to {self.variables - 1}",
                where="the shape of the windows",
                fix="count variables from 0",
            )
        if self.patch is not None and (self.patch < 1 or self.look_back % self.patch):
            raise ConfigError(
                f"patches of {self.patch} steps do not fill a look-back of {self.look_back}",
                where="the shape of the windows",
                fix="choose a length of patches that divides the look-back",
            )

    @property
    def rows(self) -> int:
        """Steps that are read: those of the look-back, and those of the horizon if anything is known of them."""
        return self.look_back + (self.horizon if self.future else 0)

    @property
    def positions(self) -> dict[str, tuple[int, int]]:
        """Per kind of elements, how many positions a window has and how many numbers stand at each."""
        variables, cells = self.variables, self.look_back * self.variables + self.horizon * self.future
        kinds = {"times": (self.rows, variables), "variables": (variables, self.rows), "cells": (cells, 1)}
        if self.patch is not None:
            kinds["patches"] = (variables * self.look_back // self.patch, self.patch)
        return kinds


class Network(nn.Module, ABC):
    """A model without stem, encoder, pool and head of its own choice: made as `Name(shape, *, option=...)`.

    It is embedded, read and explained like `salience.models.Model`. Values are those of the `Series` modality:
    standardised by the training rows and never NaN, since it carries the last number forward and gives indicators of
    what was missing. Windows have one length; what stands at padding all the same is read as zero, the training mean.

    The raw answer is [B, F * N * Q]: all targets of the first step, then of the second. Of the records, the last one is
    asked by the forecast, one query per step of the horizon where the network can tell steps apart.

    A class says in `elements` what its positions are: "times" [B, T, V], "variables" [B, V, T], "patches"
    [B, V * P, patch] or "cells" [B, S, 1], one variable after the other in patches, one step after the other in cells.
    The T steps are those of the look-back, then those of the horizon if any variable is known there; the others are
    zero then, and have no cells. Patches end where the look-back does.
    """

    elements: ClassVar[str]
    #: Does the last record have one query per step of the horizon, so that steps can be looked at by themselves?
    steps_apart: ClassVar[bool] = True
    #: Is each target forecast from its own past alone, whatever else is read?
    alone: ClassVar[bool] = False

    def __init__(self, shape: WindowShape) -> None:
        super().__init__()
        if self.elements not in shape.positions:
            raise ConfigError(
                f"{type(self).__name__} reads patches, and the windows have none",
                where="the model",
                fix="set the `patch` of the series, such as 16 steps",
            )
        self.shape = shape
        self.columns = (shape.column,)

    def forward(self, batch: Batch) -> Output:
        return self.read(self.embed(batch), batch)

    @abstractmethod
    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
        """What the network makes of each position by itself."""

    @abstractmethod
    def read(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> Output:
        """The answer to embeddings, which a caller may have changed or may want gradients for."""

    def last_look(self, batch: Batch) -> LastLook:  # noqa: ARG002
        """The attention that the answer is made from, and the answer if it looked elsewhere.

        Raises:
            NotAvailable: the network has no attention.
        """
        raise NotAvailable(
            f"{type(self).__name__} has no attention that could be given other weights: its record tells a sum",
            where="the model",
            fix="choose a network with attention, such as PatchTST",
        )

    def values(self, batch: Batch) -> Float[Tensor, "B S D"]:
        """What stands at each position, with zeros at padding.

        Raises:
            DataError: the batch lacks the input, or its windows have another shape than the network was made for.
        """
        (column,) = self.columns
        if column not in batch.streams:
            raise DataError(
                f"the network reads '{column}'; the batch has {', '.join(batch.streams)}",
                fix="give the input that the network was made with",
            )
        stream, expected = batch.streams[column], self.shape.positions[self.elements]
        if stream.values.shape[1:] != expected:
            raise DataError(
                f"expected windows of {expected} positions and numbers, got {tuple(stream.values.shape[1:])}",
                where=type(self).__name__,
                fix="give windows of the look-back, the variables and the patches that the network was made with",
            )
        return stream.values.masked_fill(~stream.layout.mask[..., None], 0.0)

    def taken(self, windows: Float[Tensor, "B V L"]) -> Float[Tensor, "B V L"]:
        """The windows without the level and the scale of each variable that has such."""
        plain = torch.zeros(windows.shape[1], 1, dtype=torch.bool, device=windows.device)
        plain[list(self.shape.plain)] = True
        return torch.where(plain, windows, Instance.of(windows).taken(windows))

    def answer(self, forecast: Float[Tensor, "B N F Q"]) -> Float[Tensor, "B C"]:
        """The forecast of each target in the order of a raw answer."""
        return forecast.transpose(1, 2).flatten(1)
