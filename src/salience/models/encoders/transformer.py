"""Self-attention in layers (Vaswani et al. 2017), normalised before each step (Xiong et al. 2020).

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from jaxtyping import Float
from torch import Tensor, nn

import salience.attention as mechanisms
from salience.core.batch import Layout
from salience.core.build import build, find, named
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models import position
from salience.models.encoders.encoder import Encoded


class Transformer(nn.Module):
    r"""Each layer lets positions look at each other: :math:`x \gets x + \mathrm{attention}(\mathrm{norm}(x))`, then
    :math:`x \gets x + \mathrm{FeedForward}(\mathrm{norm}(x))`.

    Idea: any position can learn of any other in one step. The records of all layers are kept, first to last.
    Cost: with MultiHead O(S^2 W + S W^2) time, O(S W) memory per layer.
    Works badly when: examples are few and nothing is pretrained.

    Args:
        layers: number of layers, at least 1.
        attention: a mechanism of `salience.attention`, as a config names it.
        shared: whether all layers are one and the same, with the parameters of one (Lan et al. 2020, "ALBERT").
        feedforward: hidden units of the feed-forward step, per channel.
        dropout: share of channels dropped in training from what each step adds.
        positions: a class of `salience.models.position`, as a config names it; None where positions have no order, as
            the columns of a table. Rotary ones turn heads, so they need an attention that has some, such as MultiHead.

    Raises:
        ConfigError: no layer, heads that do not divide the width, an attention that cannot do with these positions, or
            an unknown name or option.

    Reference: Vaswani et al. 2017, "Attention Is All You Need"; Xiong et al. 2020, "On Layer Normalization in the
    Transformer Architecture".
    """

    def __init__(
        self,
        width: int,
        *,
        layers: int = 2,
        attention: str | Mapping[str, Any] = "MultiHead",
        shared: bool = False,
        feedforward: int = 4,
        dropout: float = 0.1,
        positions: str | Mapping[str, Any] | None = "Sinusoidal",
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(f"expected at least 1 layer, got {layers}", where="Transformer", fix="or use Identity")
        self.width = width
        rotary = positions is not None and issubclass(find(named(positions)[0], position), position.Rotary)
        # Normalised first, so that the waves are neither louder nor softer than the words, whatever the stem gives.
        self.entry = nn.Sequential(nn.LayerNorm(width))
        if positions is not None and not rotary:
            self.entry.append(build(positions, position, width))
        self.depth = layers
        self.layers = nn.ModuleList()
        for _ in range(1 if shared else layers):
            mechanism = build(attention, mechanisms, width)
            if positions is not None and rotary:
                _turn(mechanism, positions, width)
            self.layers.append(Layer(width, mechanism, hidden=feedforward * width, dropout=dropout))
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        values = self.entry(blank(values, layout))
        records = []
        for number in range(self.depth):
            values, record = self.layers[number % len(self.layers)](values, layout)
            records.append(record)
        return Encoded(blank(self.norm(values), layout), layout, tuple(records))


class Layer(nn.Module):
    """One layer: what positions gather of each other is added to them, then what each makes of it."""

    def __init__(self, width: int, attention: nn.Module, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = attention
        self.dropout = nn.Dropout(dropout)
        self.feedforward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Linear(hidden, width),
            nn.Dropout(dropout),
        )

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B S W"], Attention]:
        delta, record = self.attention(self.attention_norm(values), layout=layout)
        return self._after(values, delta), record

    def remix(
        self,
        weights: Float[Tensor, "B H T S"],
        values: Float[Tensor, "B S W"],
        *,
        asking: Sequence[int] | slice = slice(None),
    ) -> Float[Tensor, "B T W"]:
        """What these positions hold after the layer if they looked with other weights, which are zero at padding."""
        delta = cast(mechanisms.MultiHead, self.attention).remix(weights, self.attention_norm(values))
        return self._after(values[:, asking], delta)

    def _after(self, values: Float[Tensor, "B T W"], delta: Float[Tensor, "B T W"]) -> Float[Tensor, "B T W"]:
        values = values + self.dropout(delta)
        return values + self.feedforward(values)


def _turn(mechanism: nn.Module, positions: str | Mapping[str, Any], width: int) -> None:
    """Let a mechanism turn its heads by where they stand.

    Raises:
        ConfigError: it has no heads to turn.
    """
    if not hasattr(mechanism, "process_heads"):
        raise ConfigError(
            f"Rotary positions turn heads, and {type(mechanism).__name__} has none to turn",
            where="Transformer, positions",
            fix="choose Sinusoidal or Learned positions, or MultiHead",
        )
    turned = cast(mechanisms.MultiHead, mechanism)
    turned.process_heads = build(positions, position, width // turned.heads)
