"""Bilinear attention: one learned matrix says which channels of a query ask for which of a source (Luong et al. 2015).

Legend: B examples, T queries, S sources, D width.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import Scoring


class Bilinear(Scoring):
    r"""Scores are dot products through a learned matrix.

    Idea: query and source need not mean the same by the same channel; the matrix translates. Luong's "general" score.

    Formula: :math:`a_{ts} = \mathrm{softmax}_s(q_t^\top W s_s),\ y_t = \sum_s a_{ts} s_s`.

    Cost: O(T D^2 + T S D) time, O(T S + D^2) memory.

    Works badly when: data is scarce and vectors are wide, since the matrix has D^2 free numbers.

    Reference: Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation", section 3.1.

    Vectors (1, 2) and (3, 4), and a matrix that is 1 in its upper left corner and 0 elsewhere: the first scores
    1 * 1 = 1 with itself and 1 * 3 = 3 with the second, so that the second gets 1 / (1 + exp(-2)) = 0.88080.

    >>> from salience.core.batch import Layout
    >>> mechanism = Bilinear(2)
    >>> _ = mechanism.load_state_dict({"matrix": torch.tensor([[1.0, 0.0], [0.0, 0.0]])})
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> _, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(f"{record.weights()[0, 0, 0, 1]:.5f}")
    0.88080
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        # Scores of independent channels of variance one then start with variance one, as in `ScaledDot`.
        self.matrix = nn.Parameter(torch.randn(width, width) / width)

    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        return query @ self.matrix @ source.transpose(1, 2)
