"""A pool that learns what to look for: one learned query asks every position through any attention mechanism.

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models.pools.pool import Pool, no_function, one_query, zeros_where_empty


class AttentionPool(Pool):
    r"""Attention with one learned query: :math:`y = \sum_s a_s x_s,\ a = \mathrm{mechanism}(q, x)`.

    Args:
        mechanism: any class of `salience.attention`, made with the same width.

    Reference: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", section 2.2.
    """

    def __init__(self, width: int, mechanism: nn.Module) -> None:
        super().__init__(width)
        self.mechanism = mechanism
        # Of length one in expectation, so that a dot product with it is as large as one channel of a source.
        self.query = nn.Parameter(torch.randn(width) / width**0.5)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B W"], Attention]:
        values = blank(values, layout)
        query = self.query.expand(len(values), 1, self.width)
        answer, record = self.mechanism(query, values, layout=layout, query_layout=one_query(layout))
        return zeros_where_empty(answer[:, 0], layout), record

    def remix(
        self, weights: Float[Tensor, "B H S"], values: Float[Tensor, "B S W"], layout: Layout
    ) -> Float[Tensor, "B W"]:
        remix = getattr(self.mechanism, "remix", None)
        if remix is None:
            raise no_function(self.mechanism)
        answer = remix(weights[:, :, None], blank(values, layout))
        return zeros_where_empty(answer[:, 0], layout)
