"""The last position: what a network that reads in order knows at the end.

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


class Last(Pool):
    r"""The last real position: :math:`y = x_n`. Its record is one there and zero elsewhere.

    Cost: O(W) time, O(S) memory.
    Works badly when: positions do not know what came before them, and when asked where a network looked: a recurrent
    network carries everything to its last position, and this record cannot tell from where.
    """

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B W"], Attention]:
        weights = at_last(layout).to(values.dtype)
        vector = torch.einsum("bs,bsw->bw", weights, blank(values, layout))
        return vector, Dense(weights[:, None, None], one_query(layout).lengths)

    def remix(
        self, weights: Float[Tensor, "B 1 S"], values: Float[Tensor, "B S W"], layout: Layout
    ) -> Float[Tensor, "B W"]:
        return torch.einsum("bs,bsw->bw", weights[:, 0], blank(values, layout))


def at_last(layout: Layout) -> Float[Tensor, "B S"]:
    """One at the last real position of each example, zero elsewhere."""
    place = torch.arange(layout.size, device=layout.lengths.device)
    return (place == layout.lengths[:, None] - 1).float()
