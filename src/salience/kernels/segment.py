"""Softmax over segments: rows of any length, one after the other or mixed, as the edges of a graph are.

Legend: E elements, H heads, N segments.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def softmax(
    scores: Float[Tensor, "E H"],
    segment: Int[Tensor, "E"],
    *,
    segments: int,
    seen: Bool[Tensor, "E"] | None = None,
) -> Float[Tensor, "E H"]:
    r"""Each element's share of the exponentials of its segment: :math:`e^{x_e} / \sum_{e' \in segment(e)} e^{x_{e'}}`.

    `segment` says where each element belongs, from 0 to `segments` - 1, in any order. What is not `seen` gets exactly
    zero, whatever its score. Sums are at least float32, and repeatable bit by bit on a CPU.

    >>> softmax(torch.tensor([[0.0], [7.0], [0.0]]), torch.tensor([0, 1, 0]), segments=2).flatten()
    tensor([0.5000, 1.0000, 0.5000])
    """
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    if seen is not None:
        scores = torch.where(seen[:, None], scores, -torch.inf)
    empty = scores.new_zeros(segments, scores.shape[1])
    # No gradient: shifting all scores of a segment changes nothing.
    highest = scores.detach()
    highest = (empty - torch.inf).scatter_reduce(0, segment[:, None].expand_as(scores), highest, reduce="amax")
    # A segment of which nothing is seen would subtract infinity from infinity.
    highest = torch.where(highest == -torch.inf, 0.0, highest)
    exponential = (scores - highest[segment]).exp()
    total = empty.index_add(0, segment, exponential)
    return exponential / torch.where(total == 0, 1.0, total)[segment]
