"""Attention in a band: each position sees those near it, and the first few, if wanted, see all and are seen by all.

Legend: B examples, H heads, S positions, R asked rows, C columns, E width of a head, N blocks of L queries, M sources
of a block, K distances from -window to window.

Queries are cut into blocks, and the sources of a block are one stretch, so that nothing of size [S, S] is ever made.

Reference: Beltagy et al. 2020, "Longformer: The Long-Document Transformer", section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from salience.core import record
from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import masks, normalise

# Queries of a block at least: with fewer, time goes into calls.
_SHORTEST = 32


@dataclass(frozen=True)
class Band:
    """Who sees whom: sources at most `window` positions away, on either side unless `causal`.

    The first `tokens` positions see all and are seen by all. `bias` is added to the scores of the others among each
    other, by the distance from query to source; minus infinity hides a source. It must not hide a position from itself.
    """

    window: int
    causal: bool = False
    tokens: int = 0
    bias: Float[Tensor, "H K"] | None = None

    def within(self, size: int) -> Band:
        """The same band for so few positions."""
        spare = max(self.window - max(size - 1, 0), 0)
        bias = None if self.bias is None else self.bias[:, spare : self.bias.shape[1] - spare]
        return replace(self, window=self.window - spare, tokens=min(self.tokens, size), bias=bias)

    def sees(self, query: Int[Tensor, "*#shape"], source: Int[Tensor, "*#shape"]) -> Bool[Tensor, "*shape"]:
        """Does the position of a query see that of a source?"""
        distance = source - query
        near = (distance >= -self.window) & (distance <= (0 if self.causal else self.window))
        return near | (query < self.tokens) | (source < self.tokens)

    def added(self, query: Int[Tensor, "*#shape"], source: Int[Tensor, "*#shape"]) -> Float[Tensor, "H *shape"] | None:
        """What is added to the scores of positions that see each other."""
        if self.bias is None:
            return None
        bias = self.bias[:, (source - query + self.window).clamp(0, 2 * self.window)]
        return torch.where((query < self.tokens) | (source < self.tokens), 0.0, bias)


def banded(
    query: Float[Tensor, "B H S E"],
    key: Float[Tensor, "B H S E"],
    value: Float[Tensor, "B H S E"],
    *,
    layout: Layout,
    band: Band,
) -> tuple[Float[Tensor, "B H S E"], Banded]:
    r"""Scaled dot-product attention among the positions of one sequence, each of which sees its band, and the record.

    O(S (window + tokens) E) time and O(S (E + window + tokens)) memory, with a bias O(S (E + H (window + tokens))).
    Padded positions may hold anything, and give zeros.

    Raises:
        DataError: the layout does not belong to the tensors.
    """
    band = band.within(layout.size)
    query, key, value = (masks.blank(each, layout) for each in (query, key, value))
    out = _in_blocks(query, key, value, layout, band)
    if band.tokens:
        out = torch.cat([_of_all(query[:, :, : band.tokens], key, value, layout), out[:, :, band.tokens :]], dim=2)
    return masks.blank(out, layout), Banded(query, key, layout=layout, band=band)


class Banded(Attention):
    """The weights in a band, computed when asked, from query and key. Statistics read the band only."""

    def __init__(
        self, query: Float[Tensor, "B H S E"], key: Float[Tensor, "B H S E"], *, layout: Layout, band: Band
    ) -> None:
        self._query = query
        self._key = key
        self._layout = layout
        self._band = band
        batch, heads, size, _ = query.shape
        self.shape = (batch, heads, size, size)
        self.asked = layout.lengths
        self.normalised = True

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        return self._part(index, self._positions(0, self._layout.size))

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        batch, heads, size, _ = self.shape
        exact = torch.promote_types(self._query.dtype, torch.float32)
        weights = self.uniform(exact) if query_weights is None else query_weights.to(exact)
        total = torch.zeros(batch, heads, size, dtype=exact, device=self._query.device)
        for rows, columns in self._stretches():
            with torch.autocast(total.device.type, enabled=False):
                part = torch.einsum("bhrc,br->bhc", self._part(rows, columns), weights[:, rows])
            # In place: a new total for each stretch would take time that grows with the square of the positions.
            total.index_add_(2, columns, part)
        return total

    def entropy(self) -> Float[Tensor, "B H T"]:
        return torch.cat([_entropy(self._part(rows, columns)) for rows, columns in self._stretches()], dim=-1)

    def top(self, k: int) -> tuple[Float[Tensor, "B H T k"], Int[Tensor, "B H T k"]]:
        k = min(k, self.shape[-1])
        values, indices = [], []
        for rows, columns in self._stretches(at_least=k):
            found = self._part(rows, columns).topk(k, dim=-1)
            values.append(found.values)
            indices.append(columns[found.indices])
        return torch.cat(values, dim=2), torch.cat(indices, dim=2)

    def _part(self, rows: Int[Tensor, "R"], columns: Int[Tensor, "C"]) -> Float[Tensor, "B H R C"]:
        seen = self._band.sees(rows[:, None], columns)
        asked, offered = (each < self._layout.lengths[:, None] for each in (rows, columns))
        seen = seen & asked[:, :, None] & offered[:, None]  # [B, R, C]
        exact = torch.promote_types(self._query.dtype, torch.float32)
        # Autocast would round the scores to half precision again.
        with torch.autocast(self._query.device.type, enabled=False):
            query = self._query[:, :, rows].to(exact) * self._query.shape[-1] ** -0.5
            scores = query @ self._key[:, :, columns].to(exact).transpose(-2, -1)
        added = self._band.added(rows[:, None], columns)
        return normalise.softmax(scores if added is None else scores + added, seen[:, None])

    def _stretches(self, at_least: int = 0) -> Iterator[tuple[Int[Tensor, "R"], Int[Tensor, "C"]]]:
        """All queries in order, and with them the sources that they may see, `at_least` so many."""
        batch, heads, size, _ = self.shape
        band, most = self._band, record.BLOCK // max(1, batch * heads)
        step = max(1, most // max(1, size))
        for start in range(0, band.tokens, step):
            yield self._positions(start, min(start + step, band.tokens)), self._positions(0, size)
        step = max(1, min(max(band.window, _SHORTEST), most // (3 * max(band.window, _SHORTEST))))
        # One empty stretch if there is nothing.
        for start in range(band.tokens, max(size, 1), step):
            stop = min(start + step, size)
            last = min(max(stop if band.causal else stop + band.window, at_least), size)
            first = max(min(start - band.window, last - at_least), 0)
            tokens = self._positions(0, min(band.tokens, first))
            yield self._positions(start, stop), torch.cat([tokens, self._positions(first, last)])

    def _positions(self, start: int, stop: int) -> Int[Tensor, "R"]:
        return torch.arange(start, stop, device=self._query.device)


def _in_blocks(
    query: Float[Tensor, "B H S E"],
    key: Float[Tensor, "B H S E"],
    value: Float[Tensor, "B H S E"],
    layout: Layout,
    band: Band,
) -> Float[Tensor, "B H S E"]:
    size = layout.size
    length = max(1, min(max(band.window, _SHORTEST), size))
    count = max(1, -(-size // length))
    spare = count * length - size
    after = 0 if band.causal else band.window

    def sources(values: Float[Tensor, "B H S E"]) -> Float[Tensor, "BN H M E"]:
        padded = F.pad(values, (0, 0, band.window, after + spare))
        stretches = padded.unfold(2, band.window + length + after, length).permute(0, 2, 1, 4, 3)  # [B, N, H, M, E]
        tokens = values[:, None, :, : band.tokens].expand(-1, count, -1, -1, -1)
        return torch.cat([tokens, stretches], dim=3).flatten(0, 1)

    queries = F.pad(query, (0, 0, 0, spare)).unflatten(2, (count, length)).transpose(1, 2)  # [B, N, H, L, E]
    seen = _seen(layout, band, count, length, after)
    blocks = queries.flatten(0, 1), sources(key), sources(value)
    if band.bias is None:
        out = F.scaled_dot_product_attention(*blocks, attn_mask=seen)
    else:
        out = _biased(*blocks, seen, _added(band.bias, band.tokens, length, after))
    return out.unflatten(0, (-1, count)).transpose(1, 2).flatten(2, 3)[:, :, :size]


def _seen(layout: Layout, band: Band, count: int, length: int, after: int) -> Bool[Tensor, "BN 1 L M"]:
    """Which of the tokens and of their stretch the queries of each block see."""
    device = layout.lengths.device
    first = torch.arange(count, device=device)[:, None, None] * length
    query = first + torch.arange(length, device=device)[:, None]  # [N, L, 1]
    stretch = first + torch.arange(-band.window, length + after, device=device)  # [N, 1, M]
    tokens = torch.arange(band.tokens, device=device).expand(count, 1, -1)
    source = torch.cat([tokens, stretch], dim=-1)
    # A token in the stretch is there already.
    once = torch.cat([torch.ones_like(tokens, dtype=torch.bool), stretch >= band.tokens], dim=-1)
    lengths = layout.lengths[:, None, None, None]
    # Kernels differ in what they make of a query that sees nothing, so padded queries see all; they are blanked later.
    seen = (band.sees(query, source) & once & (source < lengths)) | (query >= lengths)  # [B, N, L, M]
    return seen[:, :, None].flatten(0, 1)


def _added(bias: Float[Tensor, "H K"], tokens: int, length: int, after: int) -> Float[Tensor, "H L M"]:
    """What is added to the scores of a block and its stretch, the same for all blocks; nothing to those of tokens."""
    window = bias.shape[1] // 2
    query = torch.arange(length, device=bias.device)[:, None]
    source = torch.arange(-window, length + after, device=bias.device)
    return F.pad(bias[:, (source - query + window).clamp(0, 2 * window)], (tokens, 0))


def _biased(
    query: Float[Tensor, "BN H L E"],
    key: Float[Tensor, "BN H M E"],
    value: Float[Tensor, "BN H M E"],
    seen: Bool[Tensor, "BN 1 L M"],
    added: Float[Tensor, "H L M"],
) -> Float[Tensor, "BN H L E"]:
    """Attention with a bias that may learn: fused kernels would give other bits with a gradient than without."""
    exact = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        scores = (query.to(exact) * query.shape[-1] ** -0.5) @ key.to(exact).transpose(-2, -1)
        return normalise.softmax(scores + added, seen).to(value.dtype) @ value


def _of_all(
    query: Float[Tensor, "B H R E"], key: Float[Tensor, "B H S E"], value: Float[Tensor, "B H S E"], layout: Layout
) -> Float[Tensor, "B H R E"]:
    """Queries that see every source; of an example without any, the zeros at its padding."""
    seen = layout.mask | (layout.lengths == 0)[:, None]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None])


def _entropy(weights: Float[Tensor, "B H R C"]) -> Float[Tensor, "B H R"]:
    # The floor keeps the gradient finite where a weight is exactly zero.
    return -(weights * weights.clamp(min=torch.finfo(weights.dtype).tiny).log()).sum(-1)
