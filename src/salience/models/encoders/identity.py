"""A bag of embeddings: every position stays what it is, so that a pool's weights speak about the words themselves.

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded


class Identity(nn.Module):
    r"""Passes the embeddings on: :math:`y_s = x_s`.

    Idea: no position can carry news from another one, so what the pool weighs is exactly what the user wrote.
    Cost: none.
    Works badly when: order matters ("not good").
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        return Encoded(blank(values, layout), layout)
