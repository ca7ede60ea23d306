"""What a pool is: it turns the positions of an example into one vector, and says how much each position gave.

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.record import Attention


class Pool(nn.Module, ABC):
    """[B, S, W] -> ([B, W], a record with one query). An example without positions gives zeros and a row of zeros."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    @abstractmethod
    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> tuple[Float[Tensor, "B W"], Attention]:
        """The vector of each example, and where it came from."""


def one_query(layout: Layout) -> Layout:
    """The layout of the one query of a pool: an example without positions has nothing to ask."""
    return Layout(layout.lengths.clamp(max=1), 1)


def zeros_where_empty(vector: Float[Tensor, "B W"], layout: Layout) -> Float[Tensor, "B W"]:
    """The same vectors, with zeros for examples without positions."""
    return torch.where(layout.lengths[:, None] > 0, vector, 0.0)
