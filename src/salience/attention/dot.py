"""Dot-product attention: a query looks at the sources it is similar to (Luong et al. 2015).

Legend: B examples, T queries, S sources, D width.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from salience.attention.mechanism import Scoring


class Dot(Scoring):
    r"""Scores are plain dot products.

    Idea: the more a source points where the query points, the more it counts. Nothing is learned here.

    Formula: :math:`a_{ts} = \mathrm{softmax}_s(q_t \cdot s_s),\ y_t = \sum_s a_{ts} s_s`.

    Cost: O(T S D) time, O(T S) memory.

    Works badly when: vectors are wide. Dot products grow with the width, and the softmax settles on one source early in
    training, where it has next to no gradient; see `ScaledDot`.

    Reference: Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation", section 3.1.

    Two vectors, (1, 2) and (3, 4): the first scores 1 + 4 = 5 with itself and 3 + 8 = 11 with the second, so that the
    second gets exp(11) / (exp(5) + exp(11)) = 1 / (1 + exp(-6)) = 0.99753.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> output, record = Dot(2)(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(f"{record.weights()[0, 0, 0, 1]:.5f}")
    0.99753
    >>> print(output[0, 0])
    tensor([2.9951, 3.9951])
    """

    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        return query @ source.transpose(1, 2)
