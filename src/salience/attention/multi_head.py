"""Multi-head attention: several learned relations at once, each with its own projections (Vaswani et al. 2017).

Legend: B examples, H heads, G heads of keys and values, T queries, S sources, D width, E width of a head (D / H).
"""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import attend


class MultiHead(Headed):
    r"""Scaled dot-product attention in H projected subspaces, side by side.

    Idea: one softmax can look for one thing; H small ones look for H things at the same price.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_s(W_q^h q_t \cdot W_k^h s_s / \sqrt E),\ y_t = W_o\,[\sum_s a^h_{ts}
    W_v^h s_s]_h`, where queries, values and output have a bias. Keys have none: it would add the same number to all
    scores of a query, which the softmax takes out again.

    Cost: O((T + S) D^2 + T S D) time, O((T + S) D) memory; the T S weights are never held.

    Works badly when: sequences are very long (time grows with T S), or examples are few and nothing is pretrained.

    Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.2; for `kv_heads` Shazeer 2019, "Fast
    Transformer Decoding: One Write-Head is All You Need", and Ainslie et al. 2023, "GQA".

    Args:
        heads: number of heads; divides the width.
        kv_heads: number of heads of keys and values; divides `heads`, which they all have for their own by default. One
            for all is multi-query attention (Shazeer 2019), numbers between are grouped-query attention (Ainslie et al.
            2023): fewer parameters, and less to remember when a text is written word by word.
        causal: query t sees the positions 0 to t. Self-attention only.
        dropout: share of output channels dropped in training. Weights are not dropped, see `salience.kernels.attend`.
        process_heads: what happens to the projected queries and keys before they meet, as for rotary positions:
            ([B, H, T, E], [B, G, S, E]) -> the same shapes. A module is trained and saved with this one.

    Vectors (1, 2) and (3, 4), two heads, projections that change nothing: the first head compares first channels, so
    that the first vector scores 1 and 3, the second head second channels, 4 and 8. The second vector gets
    1 / (1 + exp(-2)) = 0.88080 and 1 / (1 + exp(-4)) = 0.98201.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> mechanism = MultiHead(2, heads=2)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = torch.nn.init.eye_(each.weight)
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> output, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, :, 0, 1].detach())
    tensor([0.8808, 0.9820])
    >>> print(output[0, 0].detach())
    tensor([2.7616, 3.9640])
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int = 4,
        kv_heads: int | None = None,
        causal: bool = False,
        dropout: float = 0.0,
        process_heads: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        super().__init__(width, heads=heads, kv_heads=kv_heads, dropout=dropout)
        self.causal = causal
        self.process_heads = process_heads

    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], Attention]:
        if self.process_heads is not None:
            query, key = self.process_heads(query, key)
        return attend(query, key, value, layout=layout, query_layout=query_layout, causal=self.causal)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, kv_heads={self.kv_heads}, causal={self.causal}"
