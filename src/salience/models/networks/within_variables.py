"""A record of variables that each look within themselves: patches of one never see those of another.

Legend: B windows, V variables, P patches of one variable, H heads, S positions (V * P), R asked rows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention


class WithinVariables(Attention):
    """The record of B * V sequences of patches as one of B windows. Holds that record and nothing else.

    Args:
        inner: the record of the sequences, all variables of the first window first.
        layout: that of the windows.
    """

    def __init__(self, inner: Attention, layout: Layout) -> None:
        sequences, heads, _, patches = inner.shape
        self._inner = inner
        self._variables = layout.size // patches
        self.shape = (sequences // self._variables, heads, layout.size, layout.size)
        self.asked = layout.lengths
        self.normalised = inner.normalised

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        patches = self.shape[-1] // self._variables
        wanted, which = (index % patches).unique(return_inverse=True)
        rows = self._inner.rows(wanted).unflatten(0, (-1, self._variables))  # [B, V, H, W, P]
        own = rows[:, index // patches, :, which]  # [R, B, H, P]
        found = own.new_zeros(len(index), *own.shape[1:3], self._variables, patches)
        found[torch.arange(len(index), device=index.device), :, :, index // patches] = own
        return found.flatten(3).permute(1, 2, 0, 3)

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        weights = self.uniform() if query_weights is None else query_weights
        received = self._inner.received(weights.unflatten(1, (self._variables, -1)).flatten(0, 1))  # [B * V, H, P]
        return received.unflatten(0, (-1, self._variables)).transpose(1, 2).flatten(2)
