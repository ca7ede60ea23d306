"""Level and scale of each window, taken away before a network and given back after it (Kim et al. 2022).

Reference: Kim et al. 2022, "Reversible Instance Normalization for Accurate Time-Series Forecasting against Distribution
Shift", without its learned scale.

Legend: B windows, V variables, L steps of the look-back, N targets, F steps of the horizon, Q numbers per forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

# Added to a variance, so that a window in which nothing happens can be divided by it.
LEAST = 1e-5


@dataclass(frozen=True)
class Instance:
    """Mean and standard deviation of each variable within each window."""

    level: Float[Tensor, "B V 1"]
    scale: Float[Tensor, "B V 1"]

    @classmethod
    def of(cls, windows: Float[Tensor, "B V L"]) -> Instance:
        """Those of these windows."""
        variance = windows.var(dim=-1, keepdim=True, correction=0)
        return cls(windows.mean(dim=-1, keepdim=True), (variance + LEAST).sqrt())

    def taken(self, windows: Float[Tensor, "B V L"]) -> Float[Tensor, "B V L"]:
        """The windows without their level and scale."""
        return (windows - self.level) / self.scale

    def given(self, forecast: Float[Tensor, "B N F Q"], targets: tuple[int, ...]) -> Float[Tensor, "B N F Q"]:
        """The forecast at the level and scale of its window."""
        level, scale = (each[:, list(targets), :, None] for each in (self.level, self.scale))
        return forecast * scale + level
