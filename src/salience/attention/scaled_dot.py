"""Scaled dot-product attention: similarity that does not grow with the width (Vaswani et al. 2017).

Legend: B examples, T queries, S sources, D width.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from salience.attention.mechanism import Scoring


class ScaledDot(Scoring):
    r"""Scores are dot products divided by the square root of the width.

    Idea: the dot product of two vectors of D independent channels of variance one has variance D; divided by its
    standard deviation it starts where the softmax has gradient. Nothing is learned here.

    Formula: :math:`a_{ts} = \mathrm{softmax}_s(q_t \cdot s_s / \sqrt D),\ y_t = \sum_s a_{ts} s_s`.

    Cost: O(T S D) time, O(T S) memory.

    Works badly when: what makes a source important is not what makes it similar to the query; see `Bilinear` and
    `Additive`, which learn the relation, and `MultiHead`, which learns several.

    Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1.

    Two vectors, (1, 2) and (3, 4): the first scores 5 / sqrt(2) with itself and 11 / sqrt(2) with the second, so that
    the second gets 1 / (1 + exp(-6 / sqrt(2))) = 1 / (1 + exp(-4.24264)) = 0.98583.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> _, record = ScaledDot(2)(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(f"{record.weights()[0, 0, 0, 1]:.5f}")
    0.98583
    """

    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        return (query * self.width**-0.5) @ source.transpose(1, 2)
