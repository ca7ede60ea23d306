"""Where one mechanism looked: the record that every mechanism returns beside its output.

Legend: B examples, H heads, T queries, S sources, R asked rows.

A final kind tells one thing, `rows`: the weights of some of the queries. Everything else is computed from rows in
blocks, so that no kind needs the whole [T, S] matrix at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.errors import NotAvailable

# Weights of one record that may be made at once without being asked twice: 256 MB in float32.
LARGEST = 2**26
# Numbers that one block of rows may hold while a statistic is streamed.
BLOCK = 2**22


class Attention(ABC):
    """Where one mechanism looked. Padded queries have all-zero rows; padded sources have weight exactly zero."""

    #: [B, H, T, S]
    shape: tuple[int, int, int, int]
    #: How many of the T queries of each example are real.
    asked: Int[Tensor, "B"]
    #: Does each row of a real query sum to one?
    normalised: bool
    #: The share of a query that stays what it was, beside what it gathers: one half stands for a residual connection,
    #: and zero says that the layer has none.
    stays: float = 0.5

    @abstractmethod
    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        """The weights of the queries in `index`."""

    def weights(self, *, however_large: bool = False) -> Float[Tensor, "B H T S"]:
        """All weights at once.

        Raises:
            NotAvailable: more than 2**26 numbers, and `however_large` was not said.
        """
        batch, heads, queries, sources = self.shape
        count = batch * heads * queries * sources
        if count > LARGEST and not however_large:
            raise NotAvailable(
                f"the full weights hold {count:,} numbers, more than {LARGEST:,}",
                where=f"an attention record of shape {self.shape}",
                fix="ask for rows(index), received(), entropy() or top(k), or pass however_large=True",
            )
        return self.rows(torch.arange(queries, device=self.asked.device))

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        r"""What each source received: :math:`r_s = \sum_t w_t A_{ts}`.

        `query_weights` default to the mean over real queries, so that the result sums to one if rows do. Sums are at
        least float32, also under autocast.
        """
        total = None
        for index in self._blocks():
            rows = _exact(self.rows(index))
            weights = self.uniform(rows.dtype) if query_weights is None else query_weights.to(rows.dtype)
            with torch.autocast(rows.device.type, enabled=False):
                part = torch.einsum("bhrs,br->bhs", rows, weights[:, index])
            total = part if total is None else total + part
        assert total is not None
        return total

    def entropy(self) -> Float[Tensor, "B H T"]:
        """How spread each query's weights are, in nats: 0 when all is on one source. 0 for padded queries."""
        return torch.cat([_entropy(_exact(self.rows(index))) for index in self._blocks()], dim=-1)

    def top(self, k: int) -> tuple[Float[Tensor, "B H T k"], Int[Tensor, "B H T k"]]:
        """The `k` largest weights of each query and the sources they fall on, largest first."""
        k = min(k, self.shape[-1])
        found = [self.rows(index).topk(k, dim=-1) for index in self._blocks()]
        return torch.cat([each.values for each in found], 2), torch.cat([each.indices for each in found], 2)

    def uniform(self, dtype: torch.dtype = torch.float32) -> Float[Tensor, "B T"]:
        """Equal weight on every real query of an example, zero on padding."""
        positions = torch.arange(self.shape[2], device=self.asked.device)
        real = (positions < self.asked[:, None]).to(dtype)
        return real / self.asked.clamp(min=1)[:, None]

    def _blocks(self) -> tuple[Tensor, ...]:
        batch, heads, queries, sources = self.shape
        size = max(1, BLOCK // max(1, batch * heads * sources))
        return torch.arange(queries, device=self.asked.device).split(size)


class Dense(Attention):
    """Weights that exist anyway, as for a pooling with one query."""

    def __init__(self, weights: Float[Tensor, "B H T S"], asked: Int[Tensor, "B"], *, normalised: bool = True) -> None:
        self._weights = weights
        batch, heads, queries, sources = weights.shape
        self.shape = (batch, heads, queries, sources)
        self.asked = asked
        self.normalised = normalised

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        return self._weights[:, :, index]


def _exact(rows: Tensor) -> Tensor:
    return rows.to(torch.promote_types(rows.dtype, torch.float32))


def _entropy(rows: Float[Tensor, "B H R S"]) -> Float[Tensor, "B H R"]:
    # The floor keeps the gradient finite where a weight is exactly zero.
    return -(rows * rows.clamp(min=torch.finfo(rows.dtype).tiny).log()).sum(dim=-1)
