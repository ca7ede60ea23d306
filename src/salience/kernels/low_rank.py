"""A record of weights that are a product of two thin matrices: linear, low-rank and landmark attention.

Legend: B examples, H heads, T queries, S sources, R asked rows, L rank.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.record import Attention
from salience.kernels import masks


class LowRank(Attention):
    r"""Weights :math:`A_{ts} = l_t \cdot r_s`, and zero for later sources if `causal`.

    It holds the two factors, O((T + S) H L) numbers. `left` is zero at padded queries, `right` at padded sources.
    Rows are exact: with half precision factors they are multiplied in float32, also under autocast.

    Weights that are not `normalised` may be negative. `top` still means the largest, not those furthest from zero.
    """

    def __init__(
        self,
        left: Float[Tensor, "B H T L"],
        right: Float[Tensor, "B #H S L"],
        asked: Int[Tensor, "B"],
        *,
        causal: bool = False,
        normalised: bool = False,
    ) -> None:
        self._left = left
        self._right = right
        self._causal = causal
        batch, heads, queries, _ = left.shape
        self.shape = (batch, heads, queries, right.shape[2])
        self.asked = asked
        self.normalised = normalised

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        with torch.autocast(index.device.type, enabled=False):
            rows = _exact(self._left[:, :, index]) @ _exact(self._right).transpose(-2, -1)
        if self._causal:
            rows = torch.where(masks.causal(index, size=self.shape[3]), rows, 0.0)
        return rows

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        r"""What each source received, :math:`r_s \cdot \sum_t w_t l_t`, in O((T + S) L) time: no row is made."""
        left, right = _exact(self._left), _exact(self._right)
        weights = self.uniform(left.dtype) if query_weights is None else query_weights.to(left.dtype)
        weighted = left * weights[:, None, :, None]  # [B, H, T, L]
        if self._causal:
            # A source is seen from its own position on.
            return (weighted.flip(2).cumsum(2).flip(2) * right).sum(dim=-1)
        return (weighted.sum(dim=2, keepdim=True) * right).sum(dim=-1)

    def entropy(self) -> Float[Tensor, "B H T"]:
        r"""How spread each query's weights are, in nats, by their sizes: of :math:`|A_{ts}| / \sum_s |A_{ts}|`."""
        return torch.cat([_spread(self.rows(index)) for index in self._blocks()], dim=-1)


def _spread(rows: Float[Tensor, "B H R S"]) -> Float[Tensor, "B H R"]:
    sizes = rows.abs()
    total = sizes.sum(dim=-1, keepdim=True)
    shares = sizes / torch.where(total > 0, total, 1.0)
    # The floor keeps the gradient finite where a weight is exactly zero.
    return -(shares * shares.clamp(min=torch.finfo(rows.dtype).tiny).log()).sum(dim=-1)


def _exact(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
