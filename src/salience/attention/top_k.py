"""Top-k attention: a softmax over the k sources that score highest (Gupta et al. 2021).

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


class TopK(Headed):
    r"""Multi-head attention in which each query sees no more than k sources, and chooses them.

    Idea: a sum over thousands of small weights is noise that no picture shows. Here what is shown is all there is: at
    most k sources per query and head.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_{s \in K^h_t}(W_q^h q_t \cdot W_k^h s_s / \sqrt E)` over the k highest
    scores :math:`K^h_t`; :math:`y_t = W_o\,[\sum_s a^h_{ts} W_v^h s_s]_h`.

    Cost: O((T + S) D^2 + T S D) time, O(H T S) memory while it learns (blocks of rows otherwise).

    Works badly when: queries need different numbers of sources, as k is one number for all; `Entmax` lets scores
    decide. The choice jumps where two scores cross, and sources that are not chosen get no gradient from this query.

    Reference: Gupta et al. 2021, "Memory-efficient Transformers via Top-k Attention".

    Args:
        k: how many sources each query sees in each head, at least 1. Of equal scores any may be chosen.
        heads: number of heads; divides the width.
        dropout: share of output channels dropped in training.

    A query of 1 and sources ln 3, 0 and -1, one head, projections that change nothing: the sources are the scores. The
    two highest get 3 / (3 + 1) and 1 / (3 + 1).

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> mechanism = TopK(1, k=2, heads=1)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = torch.nn.init.eye_(each.weight)
    >>> query, source = torch.tensor([[[1.0]]]), torch.tensor([[[3.0], [1.0], [0.1]]]).log()
    >>> _, record = mechanism(query, source, layout=Layout(torch.tensor([3]), size=3))
    >>> print(record.weights()[0, 0, 0].detach())
    tensor([0.7500, 0.2500, 0.0000])
    """

    def __init__(self, width: int, *, k: int = 8, heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if k < 1:
            raise ConfigError(f"expected at least one source per query, got k = {k}", where="TopK", fix="raise `k`")
        self.k = k

    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], Attention]:
        record = Rowwise(query, key, partial(normalise.top_k, k=self.k), layout=layout, query_layout=query_layout)
        return record.mixed(value), record

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, k={self.k}"
