"""The largest value of each channel (Collobert et al. 2011, "Natural Language Processing (Almost) from Scratch").

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention, Dense
from salience.models.pools.pool import Pool, one_query, zeros_where_empty


class Max(Pool):
    r"""The largest value of each channel: :math:`y_w = \max_s x_{sw}`.

    Its record is the share of the W channels whose maximum came from each position (of equal ones, the first).
    The record has no gradient.

    Cost: O(S W) time, O(S) memory.
    Works badly when: a target depends on how often something occurs.
    """

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B W"], Attention]:
        lowest = torch.finfo(values.dtype).min
        vector, place = values.masked_fill(~layout.mask[..., None], lowest).max(dim=1)  # [B, W]
        share = torch.zeros(values.shape[:2], dtype=values.dtype, device=values.device)
        share.scatter_add_(1, place, torch.full_like(vector, 1 / values.shape[-1]).detach())
        share = share * layout.mask
        return zeros_where_empty(vector, layout), Dense(share[:, None, None], one_query(layout).lengths)
