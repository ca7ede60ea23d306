"""From the numbers at each position of a series to vectors, with learned vectors of its step and its variable.

Legend: B examples, S positions, D width.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.core.batch import Stream


class SeriesStem(nn.Module):
    r""":math:`x_s = W v_s + b + t(s) + u(s)`, with a learned vector for the step and one for the variable.

    Args:
        size: numbers of a position.
        steps: the step of each position, or None.
        variables: the variable of each position, or None.
    """

    def __init__(
        self, size: int, width: int, steps: Int[np.ndarray, "S"] | None, variables: Int[np.ndarray, "S"] | None
    ) -> None:
        super().__init__()
        self.project = nn.Linear(size, width)
        tables, places = [], []
        for each in (steps, variables):
            if each is not None:
                table = nn.Embedding(int(each.max()) + 1, width)
                # Small beside the numbers, so that at first values speak louder than places.
                nn.init.normal_(table.weight, std=0.02)
                tables.append(table)
                places.append(torch.from_numpy(each.astype(np.int64)))
        self.tables = nn.ModuleList(tables)
        for number, place in enumerate(places):
            self.register_buffer(f"place_{number}", place, persistent=False)

    def forward(self, stream: Stream) -> Float[Tensor, "B S D"]:
        vectors = self.project(stream.values)
        for number, table in enumerate(self.tables):
            vectors = vectors + table(self.get_buffer(f"place_{number}"))
        return vectors
