"""Multi-head attention: several learned relations at once, each with its own projections (Vaswani et al. 2017).

Legend: B examples, H heads, T queries, S sources, D width, E width of a head (D / H).
"""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import prepared
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels import attend


class MultiHead(nn.Module):
    r"""Scaled dot-product attention in H projected subspaces, side by side.

    Idea: one softmax can look for one thing; H small ones look for H things at the same price.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_s(W_q^h q_t \cdot W_k^h s_s / \sqrt E),\ y_t = W_o\,[\sum_s a^h_{ts}
    W_v^h s_s]_h`, where queries, values and output have a bias. Keys have none: it would add the same number to all
    scores of a query, which the softmax takes out again.

    Cost: O((T + S) D^2 + T S D) time, O((T + S) D) memory; the T S weights are never held.

    Works badly when: sequences are very long (time grows with T S), or examples are few and nothing is pretrained.

    Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.2.

    Args:
        heads: number of heads; divides the width.
        causal: query t sees the positions 0 to t. Self-attention only.
        dropout: share of output channels dropped in training. Weights are not dropped, see `salience.kernels.attend`.
        process_heads: what happens to the projected queries and keys before they meet, as for rotary positions:
            ([B, H, T, E], [B, H, S, E]) -> the same shapes. A module is trained and saved with this one.

    Vectors (1, 2) and (3, 4), two heads, projections that change nothing: the first head compares first channels, so
    that the first vector scores 1 and 3, the second head second channels, 4 and 8. The second vector gets
    1 / (1 + exp(-2)) = 0.88080 and 1 / (1 + exp(-4)) = 0.98201.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> mechanism = MultiHead(2, heads=2)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = nn.init.eye_(each.weight)
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
        causal: bool = False,
        dropout: float = 0.0,
        process_heads: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ConfigError(
                f"a width of {width} cannot be shared by {heads} heads",
                where="MultiHead",
                fix="choose heads so that the width is a multiple of them",
            )
        self.heads = heads
        self.causal = causal
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.process_heads = process_heads
        for each in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(each.weight)
        for each in (self.query, self.value, self.out):
            nn.init.zeros_(each.bias)

    def forward(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        query, source, query_layout = prepared(query, source, layout, query_layout)
        queries, keys = self._split(self.query(query)), self._split(self.key(source))
        if self.process_heads is not None:
            queries, keys = self.process_heads(queries, keys)
        values = self._split(self.value(source))
        mixed, record = attend(
            queries, keys, values, layout=layout, query_layout=query_layout, causal=self.causal
        )  # [B, H, T, E]
        return self.dropout(self.out(mixed.transpose(1, 2).flatten(2))), record

    def extra_repr(self) -> str:
        return f"heads={self.heads}, causal={self.causal}"

    def _split(self, projected: Float[Tensor, "B S D"]) -> Float[Tensor, "B H S E"]:
        return projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)
