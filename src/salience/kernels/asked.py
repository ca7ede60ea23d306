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

    def __init__(self, asked: Int[Tensor, "R K"], layout: Layout, *, dtype: torch.dtype = torch.float32) -> None:
        examples = len(layout.lengths)
        self.shape = (examples, 1, len(asked) // max(1, examples), layout.size)
        # An example without positions has nothing to ask, though there is a number for it.
        self.asked = torch.where(layout.lengths > 0, self.shape[2], 0)
        self.normalised = True
        self._positions = asked.view(examples, -1, asked.shape[1])  # [B, T, K]
        self._size = layout.size
        self._dtype = torch.promote_types(dtype, torch.float32)

    @property
    def positions(self) -> Int[Tensor, "R K"]:
        """What each answer is about, counted through the batch."""
        return self._positions.flatten(0, 1)

    def entries(self, index: Int[Tensor, "R"] | None = None) -> Entries:
        positions = self._positions if index is None else self._positions[:, index]
        examples, queries, each = positions.shape
        row = torch.arange(examples * queries, device=positions.device).repeat_interleave(each)
        weight = (self.asked > 0).to(self._dtype) / each
        weight = weight[:, None].expand(examples, queries * each)
        return Entries(row, positions.flatten() % max(1, self._size), weight.flatten())
