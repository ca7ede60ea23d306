"""Entmax attention: weights that can be exactly zero, as sparse as `alpha` says (Peters et al. 2019).

Legend: B examples, H heads, G heads of keys, T queries, S sources, D width, E width of a head (D / H).
"""

from __future__ import annotations

from functools import partial

from jaxtyping import Float
from torch import Tensor

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels import normalise
from salience.kernels.rowwise import Rowwise


class Entmax(Headed):
    r"""Multi-head attention with alpha-entmax in place of softmax.

    Idea: softmax gives every source some weight, so that a picture of it never says "not at all". Entmax does, and
    learns how many sources a query needs: the scores decide which weights are zero, not a number set beforehand.

    Formula: :math:`a^h_{ts} = \max((\alpha - 1) z^h_{ts} - \tau^h_t, 0)^{1 / (\alpha - 1)}` with
    :math:`z^h_{ts} = W_q^h q_t \cdot W_k^h s_s / \sqrt E` and the threshold that lets a row sum to one;
    :math:`y_t = W_o\,[\sum_s a^h_{ts} W_v^h s_s]_h`. Of all weights p these have the largest
    :math:`p^\top z + \sum_s (p_s - p_s^\alpha) / (\alpha (\alpha - 1))`.

    Cost: O((T + S) D^2 + T S D + H T S log S) time, O(H T S) memory while it learns (blocks of rows otherwise): sorting
    a row needs the whole row.

    Works badly when: training starts with a wrong choice. A source whose weight is zero gets no gradient from this
    query, so that it returns only through what other queries and heads learn.

    Reference: Peters, Niculae and Martins 2019, "Sparse Sequence-to-Sequence Models"; in Transformers Correia et al.
    2019, "Adaptively Sparse Transformers".

    Args:
        alpha: above 1 (towards softmax, which is `MultiHead`) up to 2 (`Sparsemax`).
        heads: number of heads; divides the width.
        dropout: share of output channels dropped in training.

    A query of 1 and sources 0.4, 0 and -1.4, one head, projections that change nothing: half the scores are 0.2, 0 and
    -0.7. With the threshold -0.6 the weights are (0.2 + 0.6) ** 2 = 0.64 and 0.6 ** 2 = 0.36, which is one together;
    -0.7 is below the threshold.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> mechanism = Entmax(1, heads=1)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = torch.nn.init.eye_(each.weight)
    >>> query, source = torch.tensor([[[1.0]]]), torch.tensor([[[0.4], [0.0], [-1.4]]])
    >>> _, record = mechanism(query, source, layout=Layout(torch.tensor([3]), size=3))
    >>> print(record.weights()[0, 0, 0].detach())
    tensor([0.6400, 0.3600, 0.0000])
    """

    def __init__(self, width: int, *, alpha: float = 1.5, heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if not 1 < alpha <= 2:
            raise ConfigError(
                f"expected alpha above 1 and at most 2, got {alpha:g}",
                where="Entmax",
                fix="1.5 is a good start, 2 is sparsemax; for softmax (1) choose MultiHead",
            )
        self.alpha = alpha

    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], Attention]:
        record = Rowwise(
            query, key, partial(normalise.entmax, alpha=self.alpha), layout=layout, query_layout=query_layout
        )
        return record.mixed(value), record

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, alpha={self.alpha:g}"
