"""A record of the positions that answers are about: equal weight on each, and none elsewhere.

Legend: B examples, S sources, R answers, K positions asked about in each, N listed weights.
"""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from salience.core.batch import Layout
from salience.kernels.sparse import Entries, Sparse


class Asked(Sparse):
    """One query for each answer. Where one example is asked for all answers, they are its queries, in their order."""

    def __init__(self, asked: Int[Tensor, "R K"], layout: Layout) -> None:
        self.positions = asked
        examples = len(layout.lengths)
        self.shape = (examples, 1, len(asked) // max(1, examples), layout.size)
        self.asked = torch.full_like(layout.lengths, self.shape[2])
        self.normalised = True
        self._size = layout.size

    def entries(self, index: Int[Tensor, "R"] | None = None) -> Entries:
        queries, each = self.shape[2], self.positions.shape[1]
        positions = self.positions.view(self.shape[0], queries, each)
        if index is not None:
            positions = positions[:, index]
        row = torch.arange(positions.shape[0] * positions.shape[1], device=positions.device).repeat_interleave(each)
        source = positions.flatten() % max(1, self._size)
        return Entries(row, source, torch.full(source.shape, 1 / each, device=source.device))
