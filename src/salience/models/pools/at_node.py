"""Read the node that is asked about: the answer to it is what its layers gathered, and nothing else.

Legend: B examples, S sources, R answers, W width.
"""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels.asked import Asked
from salience.kernels.masks import blank
from salience.models.pools.pool import Pool


class AtNode(Pool):
    r"""The vector of the asked position: :math:`y = x_a`. Its record is 1 there, and so tells nothing by itself: what
    the position gathered along edges is told by `models.flow`.

    Cost: O(R W) time and memory.
    Works badly when: the question is about the whole graph; `Mean` and `Additive` look at all nodes.
    """

    needs: ClassVar[tuple[str, ...]] = ("asked",)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "R W"], Attention]:
        asked = one_of(layout)
        return blank(values, layout).flatten(0, 1)[asked], Asked(asked[:, None], layout, dtype=values.dtype)


def one_of(layout: Layout) -> Int[Tensor, "R"]:
    """The one position each answer is about."""
    assert layout.asked is not None
    return layout.asked[:, 0]
