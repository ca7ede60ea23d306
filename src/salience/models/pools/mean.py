"""The average of all positions: the simplest pool, and the one to compare with.

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention, Dense
from salience.kernels.masks import blank
from salience.models.pools.pool import Pool, one_query


class Mean(Pool):
    r"""The average: :math:`y = \frac{1}{n} \sum_s x_s`. Its record is 1/n on every real position.

    Cost: O(S W) time, O(S) memory.
    Works badly when: few positions matter among many.
    """

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B W"], Attention]:
        values = blank(values, layout)
        weights = layout.mask.to(values.dtype) / layout.lengths.clamp(min=1)[:, None].to(values.dtype)  # [B, S]
        vector = torch.einsum("bs,bsw->bw", weights, values)
        return vector, Dense(weights[:, None, None], one_query(layout).lengths)

    def remix(
        self, weights: Float[Tensor, "B 1 S"], values: Float[Tensor, "B S W"], layout: Layout
    ) -> Float[Tensor, "B W"]:
        return torch.einsum("bs,bsw->bw", weights[:, 0], blank(values, layout))
