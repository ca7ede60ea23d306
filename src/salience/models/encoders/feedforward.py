"""A small network applied to each position alone.

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded


class FeedForward(nn.Module):
    r"""Transforms each position alone: :math:`y_s = x_s + \mathrm{GELU}(W x_s + b)`, `layers` times.

    Idea: positions exchange nothing, as in `Identity`, but what is read from a word need not be linear.
    Cost: O(S W^2) time, O(S W) memory per layer.
    Works badly when: order matters.

    Args:
        layers: number of layers, at least 1.
        dropout: share of the W channels of each layer's delta that is dropped in training.

    Raises:
        ConfigError: fewer than one layer.
    """

    def __init__(self, width: int, *, layers: int = 1, dropout: float = 0.1) -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(
                f"expected at least 1 layer, got {layers}", where="FeedForward", fix="use Identity for none"
            )
        self.width = width
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.activation = nn.GELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        values = blank(values, layout)
        for layer in self.layers:
            values = values + self.dropout(self.activation(layer(values)))
        return Encoded(blank(values, layout), layout)
