"""From the cells of a table to one vector per column.

Legend: B examples, S columns that are read, C columns of the table, K features, D width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Stream


class ColumnStem(nn.Module):
    r"""A vector per cell: :math:`y_j = b_j + e_{j, \mathrm{state}} + \sum_k x_k W_{jk}`.

    Idea: each column has a bias, a vector for each of its states (missing, unseen, each category) and a direction for
    each number; a number moves the vector along its direction.

    Args:
        states: how many states the cells of each column may be in. One more column, with one state, stands for a row
            of which nothing is read.
        features: how many numbers a cell may have.
        unseen: for each column the number of the state that training never shows it in, or None; its vector starts at
            zero, so that it says nothing but which column it is.

    Reference: Gorishniy et al. 2021, "Revisiting Deep Learning Models for Tabular Data", section 3.3.
    """

    starts: Tensor

    def __init__(self, width: int, *, states: Sequence[int], features: int, unseen: Sequence[int | None]) -> None:
        super().__init__()
        counts = torch.tensor([*states, 1])
        self.register_buffer("starts", counts.cumsum(0) - counts, persistent=False)
        self.bias = nn.Parameter(_spread(len(counts), width))
        self.states = nn.Parameter(_spread(int(counts.sum()), width))
        self.directions = nn.Parameter(_spread(len(counts), features, width))
        with torch.no_grad():
            for start, state in zip(self.starts.tolist(), unseen, strict=False):
                if state is not None:
                    self.states[start + state] = 0.0

    def forward(self, stream: Stream) -> Float[Tensor, "B S D"]:
        column, state = stream.values[..., 0].long(), stream.values[..., 1].long()
        numbers = stream.values[..., 2:].to(self.bias.dtype)
        moved = torch.einsum("bsk,bskd->bsd", numbers, self.directions[column])
        return self.bias[column] + self.states[self.starts[column] + state] + moved


def _spread(*shape: int) -> Tensor:
    """Numbers of which a vector has a length of about one third, whatever the width."""
    return (2 * torch.rand(shape) - 1) / shape[-1] ** 0.5
