"""Sparsemax attention: the weights nearest to the scores, most of them exactly zero (Martins and Astudillo 2016).

Legend: B examples, H heads, G heads of keys, T queries, S sources, D width, E width of a head (D / H).
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import normalise
from salience.kernels.rowwise import Rowwise


class Sparsemax(Headed):
    r"""Multi-head attention with sparsemax in place of softmax.

    Idea: of all weights that sum to one, take those nearest to the scores. Differences of scores become differences of
    weights as they are, and whoever is too far below gets nothing at all. It is the sparsest of `Entmax`.

    Formula: :math:`a^h_{ts} = \max(z^h_{ts} - \tau^h_t, 0)` with :math:`z^h_{ts} = W_q^h q_t \cdot W_k^h s_s / \sqrt E`
    and the threshold that lets a row sum to one; :math:`y_t = W_o\,[\sum_s a^h_{ts} W_v^h s_s]_h`.

    Cost: O((T + S) D^2 + T S D + H T S log S) time, O(H T S) memory while it learns (blocks of rows otherwise): sorting
    a row needs the whole row.

    Works badly when: many sources matter a little each, or training starts with a wrong choice: a source whose weight
    is zero gets no gradient from this query. `Entmax` with alpha 1.5 is milder.

    Reference: Martins and Astudillo 2016, "From Softmax to Sparsemax: A Sparse Model of Attention and Multi-Label
    Classification".

    Args:
        heads: number of heads; divides the width.
        dropout: share of output channels dropped in training.

    A query of 1 and sources 0.5, 0.1 and -0.6, one head, projections that change nothing: the sources are the scores.
    With the threshold -0.2 the weights are 0.7 and 0.3, which is one together; -0.6 is below the threshold.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> mechanism = Sparsemax(1, heads=1)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = torch.nn.init.eye_(each.weight)
    >>> query, source = torch.tensor([[[1.0]]]), torch.tensor([[[0.5], [0.1], [-0.6]]])
    >>> _, record = mechanism(query, source, layout=Layout(torch.tensor([3]), size=3))
    >>> print(record.weights()[0, 0, 0].detach())
    tensor([0.7000, 0.3000, 0.0000])
    """

    def __init__(self, width: int, *, heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__(width, heads=heads, dropout=dropout)

    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], Attention]:
        record = Rowwise(query, key, normalise.sparsemax, layout=layout, query_layout=query_layout)
        return record.mixed(value), record
