r"""What one attention looks at: everything that defines its weights, and nothing that depends on how they are computed.

Legend: B examples, H heads, G heads of the keys (G divides H), T queries, S sources, E width of a head, R rows,
C columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.errors import DataError


@dataclass(frozen=True)
class Problem:
    r"""The weights :math:`P = \mathrm{softmax}(c\,q k^\top + b)` over the sources that each query may see.

    Fields:
        query, key: head h of the queries reads head h // (H // G) of the keys.
        scale: c.
        seen: False where nobody may look at a source, as at padding on either side.
        asked: False where a query does not count; its row of P is zero.
        causal: query t sees nothing after source t + offset.
        offset: query t stands at source t + offset, for `causal` and `window`.
        window: each query sees sources at most this many positions away, before and (unless causal) after its own.
        bias: b, added to the scaled scores.

    A query that may see nothing has a row of zeros. What stands at sources that are not seen, and at queries that are
    not asked, counts for nothing, NaN included.

    Raises:
        DataError: shapes, types or devices that do not belong together.
    """

    # Shapes are told here and checked below, not by annotations, because users meet them.
    query: Tensor  # [B, H, T, E]
    key: Tensor  # [B, G, S, E]
    scale: float
    seen: Tensor | None = None  # [B, S], bool
    asked: Tensor | None = None  # [B, T], bool
    causal: bool = False
    offset: int = 0
    window: int | None = None
    bias: Tensor | None = None  # [B or 1, H or 1, T or 1, S]

    def __post_init__(self) -> None:
        _check_query_and_key(self.query, self.key)
        batch, heads, queries, _ = self.query.shape
        sources = self.key.shape[2]
        for name, mask, expected in (("seen", self.seen, (batch, sources)), ("asked", self.asked, (batch, queries))):
            if mask is not None and (mask.dtype != torch.bool or tuple(mask.shape) != expected):
                raise DataError(
                    f"expected `{name}` to be bool of shape {expected}, got {_described(mask)}",
                    where=f"query {_described(self.query)}, key {_described(self.key)}",
                    fix="give one truth value per example and position",
                )
        if self.bias is not None:
            _check_bias(self.bias, (batch, heads, queries, sources))
        if self.window is not None and self.window < 0:
            raise DataError(f"expected a window of at least 0 positions, got {self.window}", fix="raise `window`")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """B, H, T, S."""
        batch, heads, queries, _ = self.query.shape
        return batch, heads, queries, self.key.shape[2]

    @property
    def groups(self) -> int:
        """G."""
        return self.key.shape[1]

    @property
    def share(self) -> int:
        """How many heads of the queries read one head of the keys: H / G."""
        return self.query.shape[1] // self.key.shape[1]

    @property
    def dtype(self) -> torch.dtype:
        """The type that weights are computed in: at least float32."""
        return torch.promote_types(self.query.dtype, torch.float32)

    @property
    def alive(self) -> Bool[Tensor, "B T"]:
        """The queries that are asked and may see a source, bias aside: all others have a row of zeros."""
        batch, _, queries, sources = self.shape
        device = self.query.device
        seen = torch.ones(batch, sources, dtype=torch.bool, device=device) if self.seen is None else self.seen
        before = torch.nn.functional.pad(seen.cumsum(dim=1), (1, 0))  # [B, S + 1]
        own = torch.arange(queries, device=device) + self.offset
        start, stop = torch.zeros_like(own), torch.full_like(own, sources)
        if self.window is not None:
            start, stop = own - self.window, own + self.window + 1
        if self.causal:
            stop = own + 1
        alive = before[:, stop.clamp(0, sources)] > before[:, start.clamp(0, sources)]
        return alive if self.asked is None else alive & self.asked

    def detached(self) -> Problem:
        """The same problem, outside the graph of gradients."""
        bias = None if self.bias is None else self.bias.detach()
        return replace(self, query=self.query.detach(), key=self.key.detach(), bias=bias)

    def columns(self, rows: slice) -> slice:
        """The sources that any of these queries may see by `causal` and `window`."""
        first, last = rows.start + self.offset, rows.stop - 1 + self.offset
        sources = self.key.shape[2]
        stop = last + 1 if self.causal else sources
        start = 0
        if self.window is not None:
            start, stop = first - self.window, min(stop, last + self.window + 1)
        stop = min(max(stop, 0), sources)
        return slice(min(max(start, 0), stop), stop)

    def rows(self, columns: slice) -> slice:
        """The queries that may see any of these sources by `causal` and `window`."""
        first, last = columns.start - self.offset, columns.stop - 1 - self.offset
        queries = self.query.shape[2]
        start = first if self.causal else 0
        stop = queries
        if self.window is not None:
            start, stop = max(start, first - self.window), last + self.window + 1
        stop = min(max(stop, 0), queries)
        return slice(min(max(start, 0), stop), stop)

    def edges(self, rows: slice, columns: slice) -> list[slice]:
        """The parts of these sources that some of these queries may see, and some not, by `causal` and `window`."""
        first, last = rows.start + self.offset, rows.stop - 1 + self.offset
        start, stop = columns.start, columns.stop
        if self.window is not None:
            start, stop = max(start, last - self.window), min(stop, first + self.window + 1)
        if self.causal:
            stop = min(stop, first + 1)
        if start >= stop:
            return [columns]
        parts = slice(columns.start, start), slice(stop, columns.stop)
        return [part for part in parts if part.start < part.stop]

    def near(self, rows: slice | Int[Tensor, "R"], columns: slice) -> Bool[Tensor, "R C"] | None:
        """Who may see whom by `causal` and `window`; None where all of these queries see all of these sources."""
        device = self.query.device
        if isinstance(rows, slice):
            if not self.edges(rows, columns):
                return None
            rows = torch.arange(rows.start, rows.stop, device=device)
        own = rows[:, None] + self.offset
        distance = own - torch.arange(columns.start, columns.stop, device=device)  # [R, C]
        near = distance >= 0 if self.causal else torch.ones_like(distance, dtype=torch.bool)
        return near if self.window is None else near & (distance.abs() <= self.window)

    def visible(self, rows: slice | Int[Tensor, "R"], columns: slice) -> Bool[Tensor, "B 1 R C"]:
        """Who may see whom, all told."""
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        visible = self.near(rows, columns) if self.causal or self.window is not None else None
        if self.seen is not None:
            seen = self.seen[:, None, None, columns]
            visible = seen if visible is None else visible & seen
        if self.asked is not None:
            asked = self.asked[:, None, rows, None]
            visible = asked if visible is None else visible & asked
        if visible is None:
            visible = torch.ones((), dtype=torch.bool, device=self.query.device)
        return visible.expand(self.query.shape[0], 1, count, columns.stop - columns.start)

    def scores(self, rows: slice | Int[Tensor, "R"], columns: slice) -> Float[Tensor, "B H R C"]:
        """The scaled scores with bias, minus infinity where a query may not look. Differentiable, and not blocked."""
        blanked = replace(self, query=_blanked(self.query, self.asked), key=_blanked(self.key, self.seen))
        return torch.where(self.visible(rows, columns), blanked.all_scores(rows, columns), -torch.inf)

    def all_scores(self, rows: slice | Int[Tensor, "R"], columns: slice) -> Float[Tensor, "B H R C"]:
        """The scaled scores with bias, also where a query may not look: what stands at padding must be a number."""
        # Autocast would round the scores to half precision.
        with torch.autocast(self.query.device.type, enabled=False):
            query = self.query[:, :, rows].to(self.dtype) * self.scale
            key = self.key[:, :, columns].to(self.dtype).mT
            if self.share == 1:
                scores = query @ key
            else:
                scores = (query.unflatten(1, (self.groups, self.share)) @ key[:, :, None]).flatten(1, 2)
        if self.bias is None:
            return scores
        return scores + self.bias[:, :, slice(None) if self.bias.shape[2] == 1 else rows, columns]


def _blanked(values: Float[Tensor, "B H S E"], real: Bool[Tensor, "B S"] | None) -> Float[Tensor, "B H S E"]:
    # A mask alone is not enough, since zero times NaN is NaN.
    return values if real is None else torch.where(real[:, None, :, None], values, 0.0)


def _check_query_and_key(query: Tensor, key: Tensor) -> None:
    where = f"query {_described(query)}, key {_described(key)}"
    if query.ndim != 4 or key.ndim != 4:
        raise DataError(
            "expected query and key of four axes",
            where=where,
            fix="give [examples, heads, positions, width]; unsqueeze what is missing",
        )
    if query.shape[0] != key.shape[0] or query.shape[3] != key.shape[3]:
        raise DataError(
            "query and key differ in their examples or in the width of a head",
            where=where,
            fix="give [examples, heads, positions, width] with the same first and last axis",
        )
    if query.shape[1] % max(1, key.shape[1]) or not key.shape[1]:
        raise DataError(
            f"{query.shape[1]} heads of queries cannot share {key.shape[1]} heads of keys",
            where=where,
            fix="the heads of the queries must be a multiple of the heads of the keys",
        )
    if query.dtype != key.dtype or not query.dtype.is_floating_point or query.device != key.device:
        raise DataError(
            "query and key must be of one floating point type and on one device",
            where=f"{where}; devices {query.device}, {key.device}",
            fix="convert one of them with `.to(...)`",
        )


def _check_bias(bias: Tensor, full: tuple[int, int, int, int]) -> None:
    fits = (
        bias.ndim == 4
        and bias.shape[3] == full[3]
        and all(found in (1, size) for found, size in zip(bias.shape, full, strict=True))
    )
    if not (fits and bias.dtype.is_floating_point):
        raise DataError(
            f"expected `bias` to be floating point of shape {full}, or 1 for any axis but the last, "
            f"got {_described(bias)}",
            fix="for a bool mask of sources use the padding mask; expand or cut the bias to the sources",
        )


def _described(values: Tensor) -> str:
    return f"{tuple(values.shape)} of {str(values.dtype).removeprefix('torch.')}"
