"""What a pool is: it turns the positions of an example into one vector, and says how much each position gave.

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.errors import NotAvailable
from salience.core.record import Attention
from salience.models.intervene import LastLook, Look


class Pool(nn.Module, ABC):
    """[B, S, W] -> ([B, W], a record with one query). An example without positions gives zeros and a row of zeros."""

    def __init__(self, width: int) -> None:
        super().__init__()
        #: Of its vectors.
        self.width = width

    @abstractmethod
    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B W"], Attention]:
        """The vector of each example, and where it came from."""

    def last_look(self, values: Float[Tensor, "B S W"], layout: Layout) -> LastLook:
        """Where it looks, and the vector of each example if it looked elsewhere."""
        _, record = self(values, layout)
        look = Look(record.weights(), layout.mask[:, None])
        return LastLook((look,), lambda weights: self.remix(weights[0][:, :, 0], values, layout))

    def remix(
        self,
        weights: Float[Tensor, "B H S"],  # noqa: ARG002
        values: Float[Tensor, "B S W"],  # noqa: ARG002
        layout: Layout,  # noqa: ARG002
    ) -> Float[Tensor, "B W"]:
        """The vector of each example under other weights than the pool's own, which are zero at padding.

        Raises:
            NotAvailable: the vector is no function of weights.
        """
        raise no_function(self)


def one_query(layout: Layout) -> Layout:
    """The layout of the one query of a pool: an example without positions has nothing to ask."""
    return Layout(layout.lengths.clamp(max=1), 1)


def zeros_where_empty(vector: Float[Tensor, "B W"], layout: Layout) -> Float[Tensor, "B W"]:
    """The same vectors, with zeros for examples without positions."""
    return torch.where(layout.lengths[:, None] > 0, vector, 0.0)


def no_function(looking: nn.Module) -> NotAvailable:
    """The error of what cannot be given other weights."""
    return NotAvailable(
        f"what {type(looking).__name__} gives is no function of its weights, so it cannot be given others",
        where="the pool of the model",
        fix="choose a pool such as Additive",
    )
