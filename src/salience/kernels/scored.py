"""A record that remembers how to compute weights, not the weights: query, key, and who may look at whom.

Legend: B examples, H heads, T queries, S sources, R asked rows, E width of a head.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import masks, normalise


class Scored(Attention):
    r"""The weights of scaled dot-product attention, computed when asked: :math:`\mathrm{softmax}(q k^\top / \sqrt E)`.

    It holds O((T + S) E) numbers. Rows are differentiable with respect to query and key, and are exact: with half
    precision inputs they are computed and returned in float32, also under autocast.
    """

    def __init__(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B H S E"],
        *,
        layout: Layout,
        query_layout: Layout,
        causal: bool = False,
    ) -> None:
        self._query = query
        self._key = key
        self._layout = layout
        self._query_layout = query_layout
        self._causal = causal
        batch, heads, queries, _ = query.shape
        self.shape = (batch, heads, queries, key.shape[2])
        self.asked = query_layout.lengths
        self.normalised = True

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        seen = masks.padding(index, layout=self._layout, query_layout=self._query_layout)
        if self._causal:
            seen = seen & masks.causal(index, size=self._layout.size)
        # Autocast would round the scores to half precision again.
        with torch.autocast(index.device.type, enabled=False):
            query = _exact(self._query[:, :, index]) * self._query.shape[-1] ** -0.5
            scores = query @ _exact(self._key).transpose(-2, -1)
        return normalise.softmax(scores, seen[:, None])


def _exact(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
