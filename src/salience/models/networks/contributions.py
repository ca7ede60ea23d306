"""A record of a sum: which share each position has in what a linear map adds up. It is no attention.

Legend: B windows, T queries, S positions, R asked rows.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention


class Contributions(Attention):
    r"""Shares in a sum: :math:`A_{ts} = |c_{ts}| / \sum_{s'} |c_{ts'}|`, where the answer is :math:`y_t = \sum_s
    c_{ts}`.

    Nothing chose these weights before it saw what stands there, as attention does: they are the exact parts of the
    answer, without their signs. Where nothing contributes, all real positions have the same share.

    Args:
        sizes: the absolute contributions to the asked queries.
        queries: how many there are, T.
    """

    def __init__(
        self, sizes: Callable[[Int[Tensor, "R"]], Float[Tensor, "B R S"]], *, queries: int, layout: Layout
    ) -> None:
        self._sizes = sizes
        self._layout = layout
        self.shape = (len(layout.lengths), 1, queries, layout.size)
        self.asked = queries * layout.lengths.clamp(max=1)
        self.normalised = True

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B 1 R S"]:
        sizes = self._sizes(index)
        # The smallest number breaks no tie but the one of a sum of nothing.
        sizes = torch.where(self._layout.mask[:, None], sizes + torch.finfo(sizes.dtype).tiny, 0.0)
        sums = sizes.sum(dim=-1, keepdim=True)
        return (sizes / torch.where(sums == 0, 1.0, sums))[:, None]
