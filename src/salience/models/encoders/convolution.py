"""Convolutions over neighbouring positions (Kim 2014, "Convolutional Neural Networks for Sentence Classification").

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded


class Convolution(nn.Module):
    r"""Lets each position see a few neighbours.

    :math:`y_s = x_s + \mathrm{GELU}(\sum_j K_j x_{s+j} + b)`, `layers` times.

    Idea: with one layer of width 3 a position knows its two neighbours and no more, so that a weight of the pool
    still points at a place of the input. Kernels of several widths share the W channels equally.
    Cost: O(S W^2 k) time for kernels of width k, O(S W) memory per layer.
    Works badly when: what matters lies further apart than the kernels reach.

    Args:
        kernels: widths of the kernels, in positions. An even one looks one further to the right.
        layers: number of layers, at least 1.
        dropout: share of the W channels of each layer's delta that is dropped in training.
        residual: whether the input of a layer is added to its output.

    Raises:
        ConfigError: no layer, a kernel narrower than one position, or more kernels than channels.
    """

    def __init__(
        self,
        width: int,
        *,
        kernels: Sequence[int] = (3,),
        layers: int = 1,
        dropout: float = 0.1,
        residual: bool = True,
    ) -> None:
        super().__init__()
        _check(width, kernels, layers)
        self.width = width
        self.residual = residual
        self.layers = nn.ModuleList(_Kernels(width, kernels) for _ in range(layers))
        self.activation = nn.GELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        values = blank(values, layout)
        for layer in self.layers:
            delta = self.dropout(self.activation(layer(values)))
            # A bias makes padding non-zero, and the next layer's kernels reach into it.
            values = blank(values + delta if self.residual else delta, layout)
        return Encoded(values, layout)


class _Kernels(nn.Module):
    """Kernels of several widths side by side; together they give W channels."""

    def __init__(self, width: int, kernels: Sequence[int]) -> None:
        super().__init__()
        share, rest = divmod(width, len(kernels))
        channels = [share + (place < rest) for place in range(len(kernels))]
        self.parts = nn.ModuleList(nn.Conv1d(width, out, kernel) for out, kernel in zip(channels, kernels, strict=True))

    def forward(self, values: Float[Tensor, "B S W"]) -> Float[Tensor, "B S W"]:
        across = values.transpose(1, 2)  # [B, W, S]
        return torch.cat([part(F.pad(across, _around(part))) for part in self.parts], dim=1).transpose(1, 2)


def _around(part: nn.Module) -> tuple[int, int]:
    """Zeros to the left and to the right, so that as many positions come out as went in."""
    assert isinstance(part, nn.Conv1d)
    reach = part.kernel_size[0] - 1
    return reach // 2, reach - reach // 2


def _check(width: int, kernels: Sequence[int], layers: int) -> None:
    if layers < 1:
        raise ConfigError(f"expected at least 1 layer, got {layers}", where="Convolution", fix="or use Identity")
    if not 1 <= len(kernels) <= width or min(kernels) < 1:
        raise ConfigError(
            f"expected 1 to {width} kernel widths of at least 1, got {list(kernels)}",
            where="Convolution",
            fix="write kernels: [3] or kernels: [2, 3, 4]",
        )
