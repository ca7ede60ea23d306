r"""Scores in tiles: a unit is one head of keys in one example, with all heads of queries that read it.

Legend: B examples, G heads of the keys, Z units of one load, R heads of queries in each unit, T queries, S sources,
E width of a head, L stacked rows of one tile (all R heads of some queries), C columns of one tile.

Exponents are of base two: the scores times log2(e), which is folded into the queries. `exp2` of torch is several times
as fast as `exp` on CPU, and a hundred times where weights underflow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.kernels.problem import Problem

LOG2E = 1 / math.log(2)
LN2 = math.log(2)
# Numbers of queries and keys that are converted together.
LOAD = 2**18
# Exponents this small or large can be raised to powers, and summed over any row, without shifting them first.
SAFE = 60.0


class Workspace:
    """Memory that the tiles of one call share, so that what a call needs does not grow with its number of tiles."""

    def __init__(self) -> None:
        self._spaces: dict[str, Tensor] = {}
        self._masks: dict[tuple[int, int, int], Tensor] = {}

    def space(self, name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Uninitialised memory of this shape; a second call of the same name gives the same memory again."""
        count = math.prod(shape)
        found = self._spaces.get(name)
        if found is None or found.numel() < count:
            found = self._spaces[name] = like.new_empty(count)
        return found[:count].view(shape)

    def far(self, problem: Problem, rows: slice, columns: slice) -> Float[Tensor, "M C"]:
        """Zero where these queries may see these sources by `causal` and `window`, minus infinity elsewhere."""
        key = (rows.start - columns.start, rows.stop - rows.start, columns.stop - columns.start)
        found = self._masks.get(key)
        if found is None:
            near = problem.near(rows, columns)
            assert near is not None
            found = torch.zeros(near.shape, dtype=problem.dtype, device=near.device).masked_fill_(~near, -torch.inf)
            # Tiles of one size lie at the diagonal all in the same way; a few ways are worth keeping.
            self._masks = {key: found} if len(self._masks) >= 4 else {**self._masks, key: found}
        return found


@dataclass(frozen=True)
class Units:
    """Queries and keys of some units in the type of the computation, with zeros where padding stood."""

    problem: Problem
    examples: slice
    heads: slice
    query: Float[Tensor, "Z R T E"]
    key: Float[Tensor, "Z S E"]
    #: None: all of `rows` are asked, all of `columns` seen.
    asked: Bool[Tensor, "Z T"] | None
    hidden: Float[Tensor, "Z 1 S"] | None
    #: What any unit of this load asks and may see.
    rows: slice
    columns: slice
    #: No exponent is outside -SAFE to SAFE.
    bounded: bool
    workspace: Workspace = field(repr=False)

    @property
    def hides(self) -> bool:
        """May an exponent be minus infinity?"""
        problem = self.problem
        return problem.causal or not (problem.window is None and problem.bias is None and self.hidden is None)

    def mine(self, values: Tensor) -> Tensor:
        """The part [Z, ...] of values [B, G, ...] that belongs to these units; a view if the values are contiguous."""
        return values[self.examples, self.heads].flatten(0, 1)

    def sources(self, values: Float[Tensor, "B G S F"]) -> Float[Tensor, "Z S F"]:
        """Like the keys: in the type of the computation, with zeros at unseen sources."""
        own = self.mine(values).to(self.problem.dtype)
        return (own if self.hidden is None else torch.where(self.hidden.mT == 0, own, 0.0)).contiguous()

    def queries(self, values: Float[Tensor, "B H T F"]) -> Float[Tensor, "Z R T F"]:
        """Like the queries: in the type of the computation, with zeros at queries that are not asked."""
        own = self.mine(values.unflatten(1, (-1, self.problem.share))).to(self.problem.dtype)
        return (own if self.asked is None else torch.where(self.asked[:, None, :, None], own, 0.0)).contiguous()

    def exponents(self, rows: slice, columns: slice, name: str = "scores") -> Float[Tensor, "Z L C"]:
        """Scores times log2(e), minus infinity where a query may not look, in shared memory of this name."""
        stacked = self.query[:, :, rows].flatten(1, 2)
        count, width = stacked.shape[1], columns.stop - columns.start
        scores = self.workspace.space(name, (len(stacked), count, width), stacked)
        torch.bmm(stacked, self.key[:, columns].mT, out=scores)
        apart = scores.view(len(stacked), -1, rows.stop - rows.start, width)  # [Z, R, M, C]
        if self.problem.bias is not None:
            self._add_bias(apart, rows, columns)
        for edge in self.problem.edges(rows, columns):
            part = apart[..., edge.start - columns.start : edge.stop - columns.start]
            part.add_(self.workspace.far(self.problem, rows, edge))
        if self.hidden is not None:
            scores.add_(self.hidden[..., columns])
        return scores

    def bias_parts(self, bias: Float[Tensor, "#B #H #T S"], rows: slice, columns: slice) -> list[Tensor]:
        """The part [R or 1, M or 1, C] of the bias that belongs to each unit; views."""
        share, parts = self.problem.share, []
        own = slice(None) if bias.shape[2] == 1 else rows
        for example in range(self.examples.start, self.examples.stop):
            for head in range(self.heads.start, self.heads.stop):
                group = slice(None) if bias.shape[1] == 1 else slice(head * share, (head + 1) * share)
                parts.append(bias[0 if bias.shape[0] == 1 else example, group, own, columns])
        return parts

    def _add_bias(self, apart: Float[Tensor, "Z R M C"], rows: slice, columns: slice) -> None:
        assert self.problem.bias is not None
        for scores, part in zip(apart, self.bias_parts(self.problem.bias, rows, columns), strict=True):
            scores.add_(part, alpha=LOG2E)


def load(problem: Problem, at_once: int) -> Iterator[Units]:
    """All units of a problem, up to `at_once` together."""
    workspace = Workspace()
    batch, heads, queries, sources = problem.shape
    numbers = (heads // problem.groups * queries + sources) * problem.query.shape[3]
    # Short sequences are converted together: each operation costs some microseconds, however little it does.
    for examples, groups in _spans(batch, problem.groups, max(at_once, LOAD // max(1, numbers))):
        loaded = _Loaded(problem, examples, groups, workspace)
        for some, own in _spans(examples.stop - examples.start, groups.stop - groups.start, at_once):
            yield loaded.part(some, own)


def blocks(whole: slice, size: int) -> Iterator[slice]:
    """Consecutive parts of `whole` of this size; the last may be smaller."""
    for start in range(whole.start, whole.stop, size):
        yield slice(start, min(start + size, whole.stop))


def overlap(one: slice, other: slice) -> slice:
    """The positions in both."""
    start = max(one.start, other.start)
    return slice(start, max(start, min(one.stop, other.stop)))


def _spans(batch: int, groups: int, at_once: int) -> Iterator[tuple[slice, slice]]:
    # Some heads of one example, or all heads of some examples: flattened, both are views.
    if at_once < groups:
        for example in range(batch):
            for heads in blocks(slice(0, groups), max(1, at_once)):
                yield slice(example, example + 1), heads
    else:
        for examples in blocks(slice(0, batch), at_once // groups):
            yield examples, slice(0, groups)


class _Loaded:
    """Queries and keys of many units, converted together."""

    def __init__(self, problem: Problem, examples: slice, heads: slice, workspace: Workspace) -> None:
        own = problem.query.unflatten(1, (problem.groups, problem.share))[examples, heads].flatten(0, 1)
        query = own.to(problem.dtype) * (problem.scale * LOG2E)
        key = problem.key[examples, heads].flatten(0, 1).to(problem.dtype)
        self.problem = problem
        self.examples, self.heads = examples, heads
        self.count = heads.stop - heads.start
        if problem.asked is not None:
            asked = problem.asked[examples].repeat_interleave(self.count, dim=0)
            query = torch.where(asked[:, None, :, None], query, 0.0)
        if problem.seen is not None:
            seen = problem.seen[examples].repeat_interleave(self.count, dim=0)
            key = torch.where(seen[:, :, None], key, 0.0)
        self.query, self.key = query.contiguous(), key.contiguous()
        self.workspace = workspace
        self.bounded = problem.bias is None and self._bound() <= SAFE

    def part(self, some: slice, own: slice) -> Units:
        """Some heads of one of these examples, or all heads of some of them; both are counted from the first."""
        _, _, queries, sources = self.problem.shape
        flat = slice(some.start * self.count + own.start, (some.stop - 1) * self.count + own.stop)
        examples = slice(self.examples.start + some.start, self.examples.start + some.stop)
        rows, asked = _range(self.problem.asked, examples, queries, own.stop - own.start)
        columns, seen = _range(self.problem.seen, examples, sources, own.stop - own.start)
        hidden = None
        if seen is not None:
            zeros = torch.zeros(seen.shape, dtype=self.key.dtype, device=self.key.device)
            hidden = zeros.masked_fill_(~seen, -torch.inf)[:, None]
        return Units(
            problem=self.problem,
            examples=examples,
            heads=slice(self.heads.start + own.start, self.heads.start + own.stop),
            query=self.query[flat],
            key=self.key[flat],
            asked=asked,
            hidden=hidden,
            rows=rows,
            columns=columns,
            bounded=self.bounded,
            workspace=self.workspace,
        )

    def _bound(self) -> float:
        """No product of a query and a key is larger than that of their lengths. NaN if anything is."""
        if not self.query.numel() or not self.key.numel():
            return 0.0
        longest = self._square_lengths(self.query).amax() * self._square_lengths(self.key).amax()
        return float(longest.sqrt())

    def _square_lengths(self, values: Float[Tensor, "*axes E"]) -> Float[Tensor, "N"]:
        # A product with ones is several times as fast as a sum over the last axis, and old memory as new memory.
        squares = self.workspace.space("squares", tuple(values.shape), values)
        torch.mul(values, values, out=squares)
        return torch.mv(squares.flatten(0, -2), values.new_ones(values.shape[-1]))


def _range(
    mask: Bool[Tensor, "B N"] | None, examples: slice, size: int, heads: int
) -> tuple[slice, Bool[Tensor, "Z N"] | None]:
    """From the first to the last real position of any example, and the mask if it has holes within that range."""
    if mask is None:
        return slice(0, size), None
    own = mask[examples]
    real = own.any(dim=0).nonzero()
    if not len(real):
        return slice(0, 0), own.repeat_interleave(heads, dim=0)
    found = slice(int(real[0]), int(real[-1]) + 1)
    return found, None if bool(own[:, found].all()) else own.repeat_interleave(heads, dim=0)
