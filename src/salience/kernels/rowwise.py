"""Attention whose weights need whole rows of scores, as sparse weights do, in blocks of rows.

Legend: B examples, H heads, T queries, S sources, R asked rows, E width of a head.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import masks

#: (scores [..., S], seen [..., S]) -> weights [..., S]; see `salience.kernels.normalise`.
Normaliser = Callable[[Tensor, Tensor], Tensor]


class Rowwise(Attention):
    r"""The weights :math:`\mathrm{normaliser}(q k^\top / \sqrt E)`, computed when asked. It holds O((T + S) E) numbers.

    Rows are differentiable with respect to query and key; with half precision inputs they are computed and returned in
    float32, also under autocast.
    """

    def __init__(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B H S E"],
        normaliser: Normaliser,
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> None:
        self._query = query
        self._key = key
        self._normaliser = normaliser
        self._layout = layout
        self._query_layout = query_layout
        batch, heads, queries, _ = query.shape
        self.shape = (batch, heads, queries, key.shape[2])
        self.asked = query_layout.lengths
        self.normalised = True

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        return self._normaliser(*self.scores(index))

    def scores(self, index: Int[Tensor, "R"]) -> tuple[Float[Tensor, "B H R S"], Bool[Tensor, "B 1 R S"]]:
        """What the weights of the queries in `index` are made of, and which sources each of them sees."""
        seen = masks.padding(index, layout=self._layout, query_layout=self._query_layout)
        exact = torch.promote_types(self._query.dtype, torch.float32)
        # Autocast would round the scores to half precision again.
        with torch.autocast(index.device.type, enabled=False):
            query = self._query[:, :, index].to(exact) * self._query.shape[-1] ** -0.5
            scores = query @ self._key.to(exact).transpose(-2, -1)
        return scores, seen[:, None]

    def mixed(self, value: Float[Tensor, "B H S E"]) -> Float[Tensor, "B H T E"]:
        """The values of each query, mixed by its weights, in blocks of rows. Padding may hold any finite value."""
        return torch.cat([self.rows(index).to(value.dtype) @ value for index in self._blocks()], dim=2)
