"""Attention over all positions, beside the last one: what is looked up, and what is known at the end.

Legend: B examples, S sources, H heads, W width, V numbers of the vector: W, or 2 W.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

import salience.attention as mechanisms
from salience.core.batch import Layout
from salience.core.build import build
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models.pools.attention_pool import AttentionPool
from salience.models.pools.last import at_last
from salience.models.pools.pool import Pool, zeros_where_empty


class WithLast(Pool):
    r"""Attention and the last position, mixed linearly: :math:`y = W\,[\sum_s a_s x_s;\ x_n] + b`; or side by side.

    With `Recurrent` before it this is the attentive LSTM of stock prediction: what the attention looks up stands beside
    the state at the end.

    Weights: the record is that of the attention alone. The last position speaks beside it, and the record does not
    count that; how much the answer owes to the attention is what the trust report tells (tests T1 and T8).

    Cost: that of the attention, and O(W^2) for the mixture.
    Works badly when: the last position alone suffices; the attention is then decoration.

    Args:
        attention: a mechanism of `salience.attention` that can be asked, or one with its options.
        mix: give W numbers, mixed; otherwise both vectors side by side, 2 W numbers, as the paper does.

    Reference: Feng et al. 2019, "Enhancing Stock Movement Prediction with Adversarial Training", section 2.1.
    """

    def __init__(self, width: int, *, attention: str | Mapping[str, Any] = "Additive", mix: bool = True) -> None:
        super().__init__(width if mix else 2 * width)
        self.look = AttentionPool(width, build(attention, mechanisms, width))
        self.mix = nn.Linear(2 * width, width) if mix else nn.Identity()

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B V"], Attention]:
        looked, record = self.look(values, layout)
        return self._mixed(looked, values, layout), record

    def remix(
        self, weights: Float[Tensor, "B H S"], values: Float[Tensor, "B S W"], layout: Layout
    ) -> Float[Tensor, "B V"]:
        return self._mixed(self.look.remix(weights, values, layout), values, layout)

    def _mixed(
        self, looked: Float[Tensor, "B W"], values: Float[Tensor, "B S W"], layout: Layout
    ) -> Float[Tensor, "B V"]:
        last = torch.einsum("bs,bsw->bw", at_last(layout).to(values.dtype), blank(values, layout))
        return zeros_where_empty(self.mix(torch.cat([looked, last], dim=-1)), layout)
