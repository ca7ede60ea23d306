"""Groups of positions, such as the sentences of a document: where each begins.

Legend: B examples, S positions.
"""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from salience.core.batch import Layout


def first_of_group(layout: Layout) -> Int[Tensor, "B S"]:
    """One where a group begins, zero elsewhere and at padding. Without `layout.groups`, an example is one group.

    Numbers may be missing, because a group may have lost all its members.

    >>> groups = torch.tensor([[0, 0, 4, 4, -1]])
    >>> first_of_group(Layout(torch.tensor([4]), 5, groups=groups))
    tensor([[1, 0, 1, 0, 0]])
    """
    numbers, mask = layout.groups, layout.mask
    if numbers is None:
        numbers = torch.zeros_like(mask, dtype=torch.long)
    changed = torch.ones_like(mask)
    changed[:, 1:] = numbers[:, 1:] != numbers[:, :-1]
    return (changed & mask).long()
