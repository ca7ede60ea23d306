"""Self-attention in layers (Vaswani et al. 2017), normalised before each step (Xiong et al. 2020).

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from salience.attention import MultiHead
from salience.core.batch import Layout
from salience.core.build import build, find, named
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models import position
from salience.models.encoders.encoder import Encoded


class Transformer(nn.Module):
    r"""Each layer lets all positions look at all: :math:`x \gets x + \mathrm{MultiHead}(\mathrm{norm}(x))`, then
    :math:`x \gets x + \mathrm{FeedForward}(\mathrm{norm}(x))`.

    Idea: any position can learn of any other in one step. The records of all layers are kept, first to last.
    Cost: O(S^2 W + S W^2) time, O(S W) memory per layer.
    Works badly when: examples are few and nothing is pretrained.

    Args:
        layers: number of layers, at least 1.
        heads: heads of each layer; divides the width.
        feedforward: hidden units of the feed-forward step, per channel.
        dropout: share of channels dropped in training from what each step adds.
        positions: a class of `salience.models.position`, as a config names it.

    Raises:
        ConfigError: no layer, heads that do not divide the width, or an unknown name or option.

    Reference: Vaswani et al. 2017, "Attention Is All You Need"; Xiong et al. 2020, "On Layer Normalization in the
    Transformer Architecture".
    """

    def __init__(
        self,
        width: int,
        *,
        layers: int = 2,
        heads: int = 4,
        feedforward: int = 4,
        dropout: float = 0.1,
        positions: str | Mapping[str, Any] = "Sinusoidal",
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(f"expected at least 1 layer, got {layers}", where="Transformer", fix="or use Identity")
        self.width = width
        self.entry, rotary = _positions(positions, width, heads)
        self.layers = nn.ModuleList(
            _Layer(
                width,
                MultiHead(width, heads=heads, dropout=dropout, process_heads=rotary),
                hidden=feedforward * width,
                dropout=dropout,
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        values = self.entry(blank(values, layout))
        records = []
        for layer in self.layers:
            values, record = layer(values, layout)
            records.append(record)
        return Encoded(blank(self.norm(values), layout), layout, tuple(records))


class _Layer(nn.Module):
    def __init__(self, width: int, attention: MultiHead, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = attention
        self.feedforward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Linear(hidden, width),
            nn.Dropout(dropout),
        )

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B S W"], Attention]:
        delta, record = self.attention(self.attention_norm(values), layout=layout)
        values = values + delta
        return values + self.feedforward(values), record


def _positions(choice: str | Mapping[str, Any], width: int, heads: int) -> tuple[nn.Module, position.Rotary | None]:
    """What happens to the input, and what happens to the heads of every layer."""
    # Normalised first, so that the waves are neither louder nor softer than the words, whatever the stem gives.
    norm = nn.LayerNorm(width)
    if issubclass(find(named(choice)[0], position), position.Rotary):
        return norm, build(choice, position, width // heads)
    return nn.Sequential(norm, build(choice, position, width)), None
