"""Attention over positions as they stand, and only then a network over what was seen.

Legend: B examples, S sources, H heads, W width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

import salience.attention as mechanisms
from salience.core.batch import Layout
from salience.core.build import build
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models.pools.attention_pool import AttentionPool
from salience.models.pools.pool import Pool, zeros_where_empty


class ThenFeedForward(Pool):
    r"""Attention, and a small network after it: :math:`y_0 = \sum_s a_s \mathrm{norm}(x_s)`, then `layers` times
    :math:`y \gets y + \mathrm{FeedForward}(\mathrm{norm}(y))`.

    Idea: positions need not be mixed before they are weighed for the answer to depend on several together, as long as
    what thinks about them comes after. With an encoder that leaves positions alone (`Identity`, `FeedForward`) a
    position's news has no other way to the answer than through its weight, and because all positions are of one length
    no long one can make up for a small weight.

    Weights: the record is that of the attention.

    Cost: that of the attention, and O(W^2) for the network.
    Works badly when: there are far more positions than channels, all of which matter: they share the W channels.

    Args:
        attention: a mechanism of `salience.attention` that can be asked, or one with its options.
        layers: of the network, at least 1.
        dropout: share of channels dropped in training within each layer.

    Raises:
        ConfigError: no layer, or an unknown mechanism.

    Reference: Ilse, Tomczak and Welling 2018, "Attention-based Deep Multiple Instance Learning"; Zaheer et al. 2017,
    "Deep Sets".
    """

    def __init__(
        self, width: int, *, attention: str | Mapping[str, Any] = "Additive", layers: int = 2, dropout: float = 0.1
    ) -> None:
        super().__init__(width)
        if layers < 1:
            raise ConfigError(
                f"expected at least 1 layer, got {layers}", where="ThenFeedForward", fix="or use its attention as pool"
            )
        self.entry = nn.LayerNorm(width)
        self.look = AttentionPool(width, build(attention, mechanisms, width))
        self.layers = nn.ModuleList(_layer(width, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B W"], Attention]:
        looked, record = self.look(self.entry(blank(values, layout)), layout)
        return self._thought(looked, layout), record

    def remix(
        self, weights: Float[Tensor, "B H S"], values: Float[Tensor, "B S W"], layout: Layout
    ) -> Float[Tensor, "B W"]:
        return self._thought(self.look.remix(weights, self.entry(blank(values, layout)), layout), layout)

    def _thought(self, seen: Float[Tensor, "B W"], layout: Layout) -> Float[Tensor, "B W"]:
        for layer in self.layers:
            seen = seen + layer(seen)
        return zeros_where_empty(self.norm(seen), layout)


def _layer(width: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, 2 * width),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(2 * width, width),
    )
