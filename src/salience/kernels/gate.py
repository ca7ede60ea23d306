"""A record of gates: each position looks at itself only, by how much of it passes.

Legend: B examples, S positions (queries and sources alike), D width, R asked rows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.kernels.length import length
from salience.kernels.masks import blank
from salience.kernels.sparse import Entries, Sparse


class Gate(Sparse):
    r"""How much of each position passes: :math:`A_{ss} = \|g_s \odot x_s\| / \|x_s\|`, and zero elsewhere.

    It holds the values before and after the gate. Rows do not sum to one. A position of length zero passes nothing.
    """

    def __init__(self, before: Float[Tensor, "B S D"], after: Float[Tensor, "B S D"], layout: Layout) -> None:
        self._before = before
        self._after = after
        self._layout = layout
        self.shape = (len(layout.lengths), 1, layout.size, layout.size)
        self.asked = layout.lengths
        self.normalised = False

    def entries(self, index: Int[Tensor, "R"] | None = None) -> Entries:
        before, after = blank(self._before, self._layout), blank(self._after, self._layout)
        source = torch.arange(self.shape[3], device=before.device)
        if index is not None:
            before, after, source = before[:, index], after[:, index], source[index]
        whole = length(before)
        passed = length(after) / torch.where(whole == 0, 1.0, whole)
        row = torch.arange(passed.numel(), device=before.device)
        return Entries(row, source.expand(passed.shape).flatten(), passed.flatten())
