r"""One pass over blocks of whole rows: output, what each source received, entropy, largest weights, log-sum-exp.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a value, W vectors of query weights,
K largest weights, Z units, R heads of queries in each, M queries of one panel, L = R M stacked rows, C columns.

A panel holds all sources that its queries may see. The softmax needs no second look, the matrix product with the values
uses the same numbers as the sum over rows, and nothing larger than one panel is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.kernels import policy
from salience.kernels.problem import Problem
from salience.kernels.units import LN2, Units, blocks, load, overlap

# Columns of one chunk, whose largest weight stands for it in the search for the largest weights of a row.
CHUNK = 64


@dataclass(frozen=True)
class Statistics:
    """What one pass found; None where it was not asked."""

    out: Float[Tensor, "B H T F"] | None = None
    received: Float[Tensor, "B H W S"] | None = None
    entropy: Float[Tensor, "B H T"] | None = None
    max: Float[Tensor, "B H T"] | None = None
    top_values: Float[Tensor, "B H T K"] | None = None
    top_indices: Int[Tensor, "B H T K"] | None = None
    lse: Float[Tensor, "B H T"] | None = None


def row_panel(
    problem: Problem,
    value: Float[Tensor, "B G S F"] | None = None,
    *,
    weights: Float[Tensor, "B H W T"] | None = None,
    entropy: bool = False,
    maximum: bool = False,
    top: int = 0,
    lse: bool = False,
) -> Statistics:
    r"""Everything that is asked of :math:`P = \mathrm{softmax}(c\,q k^\top + b)`, in one pass and without gradients.

    With a `value` the output :math:`P v`, with `weights` what sources received :math:`\sum_t w_t P_{ts}`, and, where
    said, the entropy of each row in nats, its largest weight, its `top` largest weights with their sources (largest
    first; 0 where a row sees fewer), and the natural logarithm of its sum of exponentials (minus infinity for a row
    that sees nothing). Results are of the type of the computation, the output of that of `value`.

    For gradients see `salience.kernels.joint`.
    """
    with torch.no_grad(), torch.autocast(problem.query.device.type, enabled=False):
        result = _empty(problem, value, weights, entropy, maximum, min(top, problem.shape[3]), lse)
        rows_at_once, units_at_once = policy.panel(problem)
        for units in load(problem, units_at_once):
            parts = _Parts(units, value, weights, result)
            for rows in blocks(units.rows, rows_at_once):
                columns = overlap(problem.columns(rows), units.columns)
                if columns.start < columns.stop:
                    parts.fill(rows, columns)
            parts.finish()
        return result


@dataclass(frozen=True)
class Panel:
    """Unnormalised weights of whole rows: each row's weights are its `powers` times its `inverse` sum."""

    powers: Float[Tensor, "Z L C"]
    #: 0 for a row that sees nothing or is not asked.
    inverse: Float[Tensor, "Z L 1"]
    total: Float[Tensor, "Z L 1"]
    #: What was taken from the exponents; None for nothing.
    shift: Float[Tensor, "Z L 1"] | None
    #: The exponents that were raised, where they were kept.
    exponents: Float[Tensor, "Z L C"] | None


def make_panel(units: Units, rows: slice, columns: slice, *, keep: bool) -> Panel:
    """The powers of one panel; `keep` for its exponents too."""
    exponents = units.exponents(rows, columns)
    lowest, tiniest = lowest_exponents(exponents.dtype)
    shift = None
    if not units.bounded:
        shift = exponents.amax(dim=-1, keepdim=True).clamp_(min=lowest)
        exponents.sub_(shift)
    # Powers that underflow are slow, and minus infinity times zero is not a number.
    if not units.bounded or (keep and units.hides):
        exponents.clamp_(min=tiniest)
    kept = exponents if keep else None
    powers = units.workspace.space("powers", tuple(exponents.shape), exponents) if keep else exponents
    torch.exp2(exponents, out=powers)
    total = powers.sum(dim=-1, keepdim=True)
    # A sum of what was clamped is not a sum of weights.
    alive = total > powers.shape[-1] * 2.0**tiniest if shift is None else shift > lowest
    if units.asked is not None:
        alive &= units.asked[:, None, rows].expand(-1, units.problem.share, -1).flatten(1)[..., None]
    return Panel(powers, torch.where(alive, total.reciprocal(), 0.0), total, shift, kept)


def lowest_exponents(dtype: torch.dtype) -> tuple[float, float]:
    """An exponent that no real score has, and the smallest one whose power is a normal number."""
    return torch.finfo(dtype).min / 4, -126.0 if dtype == torch.float32 else -1022.0


class _Parts:
    """The results of some units, filled panel by panel."""

    def __init__(self, units: Units, value: Tensor | None, weights: Tensor | None, result: Statistics) -> None:
        self.units = units
        self.value = None if value is None else units.sources(value)  # [Z, S, F]
        self.weights = None if weights is None else units.queries(weights.mT).mT  # [Z, R, W, T]
        share = units.problem.share

        def mine(values: Tensor | None) -> Tensor | None:
            return None if values is None else units.mine(values.unflatten(1, (-1, share)))

        self.out, self.received, self.entropy = mine(result.out), mine(result.received), mine(result.entropy)
        self.max, self.lse = mine(result.max), mine(result.lse)
        self.top_values, self.top_indices = mine(result.top_values), mine(result.top_indices)

    def fill(self, rows: slice, columns: slice) -> None:
        panel = make_panel(self.units, rows, columns, keep=self.entropy is not None)
        apart = (len(self.units.key), self.units.problem.share, rows.stop - rows.start)  # Z, R, M
        if self.out is not None:
            assert self.value is not None
            mixed = torch.bmm(panel.powers, self.value[:, columns]).mul_(panel.inverse)
            self.out[:, :, rows] = mixed.view(*apart, -1)
        if self.received is not None:
            assert self.weights is not None
            factor = self.weights[..., rows] * panel.inverse.view(*apart)[:, :, None]  # [Z, R, W, M]
            part = torch.bmm(factor.flatten(0, 1), panel.powers.view(-1, apart[2], panel.powers.shape[2]))
            self.received[..., columns] += part.view(*factor.shape[:3], -1)
        if self.max is not None:
            self.max[:, :, rows] = (panel.powers.amax(dim=-1, keepdim=True) * panel.inverse).view(apart)
        if self.top_values is not None:
            assert self.top_indices is not None
            values, indices = _largest(panel.powers, self.top_values.shape[-1])
            smallest = 2.0 ** lowest_exponents(values.dtype)[1]
            values = torch.where(values > smallest, values * panel.inverse, 0.0)
            found = values.shape[-1]
            self.top_values[:, :, rows, :found] = values.view(*apart, found)
            self.top_indices[:, :, rows, :found] = indices.view(*apart, found) + columns.start
        if self.lse is not None:
            self.lse[:, :, rows] = _lse(panel).view(apart)
        # Last, because it overwrites the exponents.
        if self.entropy is not None:
            self.entropy[:, :, rows] = _entropy(panel).view(apart)

    def finish(self) -> None:
        # Clamped powers leave a trace at unseen sources.
        if self.received is not None and self.units.hidden is not None:
            self.received.masked_fill_(self.units.hidden[:, None] != 0, 0.0)


def _lse(panel: Panel) -> Float[Tensor, "Z L 1"]:
    shift = 0.0 if panel.shift is None else panel.shift
    return torch.where(panel.inverse > 0, LN2 * (panel.total.log2() + shift), -torch.inf)


def _entropy(panel: Panel) -> Float[Tensor, "Z L 1"]:
    """The logarithm of the sum, less the mean exponent. Overwrites the exponents."""
    assert panel.exponents is not None
    mean = panel.exponents.mul_(panel.powers).sum(dim=-1, keepdim=True) * panel.inverse
    entropy = LN2 * (panel.total.log2() - mean)
    return torch.where(panel.inverse > 0, entropy, 0.0).clamp_(min=0.0)


def _largest(powers: Float[Tensor, "Z L C"], k: int) -> tuple[Float[Tensor, "Z L k"], Int[Tensor, "Z L k"]]:
    """The k largest of each row, exactly: those of the k chunks with the largest maxima, and of an incomplete chunk."""
    width = powers.shape[-1]
    k = min(k, width)
    chunks = width // CHUNK
    if chunks <= 2 * k:
        return torch.topk(powers, k, dim=-1)
    whole = powers[..., : chunks * CHUNK].unflatten(-1, (chunks, CHUNK))
    best = whole.amax(dim=-1).topk(k, dim=-1, sorted=False).indices  # [Z, L, k]
    within = torch.arange(CHUNK, device=powers.device)
    places = (best[..., None] * CHUNK + within).flatten(-2)  # [Z, L, k * CHUNK]
    rest = torch.arange(chunks * CHUNK, width, device=powers.device).expand(*places.shape[:2], -1)
    places = torch.cat([places, rest], dim=-1)
    found = powers.gather(-1, places).topk(k, dim=-1)
    return found.values, places.gather(-1, found.indices)


def _empty(
    problem: Problem, value: Tensor | None, weights: Tensor | None, entropy: bool, maximum: bool, top: int, lse: bool
) -> Statistics:
    batch, heads, queries, sources = problem.shape
    rows = (batch, heads, queries)
    device, dtype = problem.query.device, problem.dtype

    def zeros(*shape: int, wanted: bool = True, dtype: torch.dtype = dtype) -> Tensor | None:
        return torch.zeros(shape, dtype=dtype, device=device) if wanted else None

    low = zeros(*rows, wanted=lse)
    return Statistics(
        out=None if value is None else zeros(*rows, value.shape[-1], dtype=value.dtype),
        received=None if weights is None else zeros(batch, heads, weights.shape[2], sources),
        entropy=zeros(*rows, wanted=entropy),
        max=zeros(*rows, wanted=maximum),
        top_values=zeros(*rows, top, wanted=top > 0),
        top_indices=zeros(*rows, top, wanted=top > 0, dtype=torch.int64),
        lse=None if low is None else low.fill_(-torch.inf),
    )
