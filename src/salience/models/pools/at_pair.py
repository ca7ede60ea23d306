"""Read the nodes a question is about, two of them as a rule, channel by channel: is there an edge between them?

Legend: B examples, S sources, R answers, K nodes asked about in each, W width.
"""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels.asked import Asked
from salience.kernels.masks import blank
from salience.models.pools.pool import Pool


class AtPair(Pool):
    r"""The product of the asked positions, channel by channel: :math:`y = x_a \odot x_b`. Its record is half on each.

    Cost: O(R W) time and memory.
    Works badly when: the direction of an edge matters; both orders of a pair give the same.
    """

    needs: ClassVar[tuple[str, ...]] = ("asked",)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "R W"], Attention]:
        assert layout.asked is not None
        asked = blank(values, layout).flatten(0, 1)[layout.asked]  # [R, K, W]
        return asked.prod(1), Asked(layout.asked, layout, dtype=values.dtype)
