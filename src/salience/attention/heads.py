"""The common part of mechanisms with heads: project, let queries, keys and values meet in each head, project back.

Legend: B examples, H heads, G heads of keys and values (G divides H), T queries, S sources, D width, E width of a head
(D / H).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import only_among_themselves, prepared
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention


class Headed(nn.Module, ABC):
    r"""Mixes projected sources in H subspaces side by side: :math:`y_t = W_o\,[\mathrm{mix}^h(W_q^h q_t, W_k^h s,
    W_v^h s)]_h`, where queries, values and output have a bias.

    Keys have none: it would add the same number to all scores of a query. A subclass gives `mix`.

    Args:
        heads: number of heads; divides the width.
        kv_heads: number of heads of keys and values, each shared by heads / kv_heads heads of queries; `heads` by
            default.
        dropout: share of output channels dropped in training. Weights are not dropped, so that records tell the weights
            that were used.

    Raises:
        ConfigError: heads that do not divide the width, or heads of keys and values that do not divide the heads.
    """

    #: True if queries are sources; see `salience.attention.mechanism.Mechanism`.
    among_themselves: ClassVar[bool] = False

    def __init__(self, width: int, *, heads: int = 4, kv_heads: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        kv_heads = heads if kv_heads is None else kv_heads
        check_heads(self, width, heads)
        if kv_heads < 1 or heads % kv_heads:
            raise ConfigError(
                f"{heads} heads cannot share {kv_heads} heads of keys and values",
                where=type(self).__name__,
                fix="choose kv_heads so that heads is a multiple of it: 1 (multi-query) up to heads (none are shared)",
            )
        self.heads = heads
        self.kv_heads = kv_heads
        shared = width // heads * kv_heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, shared, bias=False)
        self.value = nn.Linear(width, shared)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        for each in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(each.weight)
        for each in (self.query, self.value, self.out):
            nn.init.zeros_(each.bias)

    @abstractmethod
    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], Attention]:
        """The mixed values of each query in each head, and the record of the mix. Padded positions hold the biases."""

    def forward(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        if self.among_themselves:
            only_among_themselves(self, source, query_layout)
        query, source, query_layout = prepared(query, source, layout, query_layout)
        mixed, record = self.mix(
            split_heads(self.query(query), self.heads),
            split_heads(self.key(source), self.kv_heads),
            split_heads(self.value(source), self.kv_heads),
            layout=layout,
            query_layout=query_layout,
        )  # [B, H, T, E]
        return self._joined(mixed), record

    def remix(self, weights: Float[Tensor, "B H T S"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T D"]:
        """What comes out under other weights than its own, which are zero at padding."""
        value = split_heads(self.value(source), self.kv_heads).repeat_interleave(self.heads // self.kv_heads, dim=1)
        return self._joined(weights @ value)

    def _joined(self, mixed: Float[Tensor, "B H T E"]) -> Float[Tensor, "B T D"]:
        return self.dropout(self.out(mixed.transpose(1, 2).flatten(2)))

    def extra_repr(self) -> str:
        return f"heads={self.heads}"


def split_heads(projected: Float[Tensor, "B S W"], heads: int) -> Float[Tensor, "B G S E"]:
    """The channels of each head on their own."""
    return projected.unflatten(-1, (heads, -1)).transpose(1, 2)


def check_heads(mechanism: nn.Module, width: int, heads: int) -> None:
    """Check that heads can share a width.

    Raises:
        ConfigError: the width is not a multiple of the heads.
    """
    if heads < 1 or width % heads:
        raise ConfigError(
            f"a width of {width} cannot be shared by {heads} heads",
            where=type(mechanism).__name__,
            fix="choose heads so that the width is a multiple of them",
        )
