"""Mechanisms for positions in a grid, and gates. The references go through positions one by one."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from tests.attention.case import Case


def itself(mechanism: nn.Module, layout: Layout) -> Tensor:
    return torch.eye(layout.size, dtype=torch.bool)[None]


def passed(before: Tensor, after: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """The gated values, and the share of each position's length that passes, on the diagonal."""
    real = seen.any(dim=-1)
    share = torch.zeros(real.shape, dtype=before.dtype)
    share[real] = after[real].norm(dim=-1) / before[real].norm(dim=-1)
    return after, torch.diag_embed(share)[:, None]


def affine(layer: nn.Linear, values: Tensor) -> Tensor:
    return values @ layer.weight.T + layer.bias


def squeeze_excitation(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    gates = []
    for row, length in enumerate(layout.lengths.tolist()):
        mean = query[row, :length].sum(dim=0) / max(length, 1)
        gates.append(torch.sigmoid(affine(mechanism.excite, affine(mechanism.squeeze, mean).clamp(min=0))))
    return passed(query, query * torch.stack(gates)[:, None], seen)


def cbam(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    def channels(pooled: Tensor) -> Tensor:
        return affine(mechanism.excite, affine(mechanism.squeeze, pooled).clamp(min=0))

    after = torch.zeros_like(query)
    for row, length in enumerate(layout.lengths.tolist()):
        values = query[row, :length]
        if not length:
            continue
        chosen = values * torch.sigmoid(channels(values.mean(dim=0)) + channels(values.max(dim=0).values))
        told = torch.stack([chosen.mean(dim=1), chosen.max(dim=1).values])  # [2, S]
        gate = torch.sigmoid(correlated(told, mechanism.position.weight[0], layout) + mechanism.position.bias)
        after = after.index_put((torch.tensor(row), torch.arange(length)), chosen * gate[:, None])
    return passed(query, after, seen)


def where(layout: Layout) -> list[tuple[int, ...]]:
    """The place of each position of the longest example."""
    grid = (layout.size,) if layout.grid is None else layout.grid
    return list(torch.cartesian_prod(*map(torch.arange, grid)).view(layout.size, len(grid)).tolist())


def correlated(values: Tensor, kernel: Tensor, layout: Layout) -> Tensor:
    """What a kernel [C, *extents] sees around each of the positions of values [C, S], summed over C; outside is 0."""
    places = where(layout)[: values.shape[1]]
    number = {tuple(place): each for each, place in enumerate(places)}
    total = [values.new_zeros(()) for _ in places]
    offsets = torch.cartesian_prod(*map(torch.arange, kernel.shape[1:])).view(-1, kernel.ndim - 1)
    for each, place in enumerate(places):
        for offset in offsets.tolist():
            seen = tuple(p + o - k // 2 for p, o, k in zip(place, offset, kernel.shape[1:], strict=True))
            if seen in number:
                total[each] = total[each] + kernel[(slice(None), *offset)] @ values[:, number[seen]]
    return torch.stack(total)


def deformable(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    axes, heads, points = mechanism.axes, mechanism.heads, mechanism.points
    offsets = torch.stack(affine(mechanism.offsets, query).chunk(heads, dim=-1), dim=1)  # [B, H, T, P A]
    scores = torch.stack(affine(mechanism.weights, query).chunk(heads, dim=-1), dim=1)
    places = torch.tensor(where(layout), dtype=query.dtype)
    weights = torch.zeros(())
    for point in range(points):
        here = places + offsets[..., point * axes : (point + 1) * axes]
        weights = weights + scores.softmax(dim=-1)[..., point, None] * tents(here, places)
    weights = torch.where(seen[:, None], weights, 0.0)
    values = torch.stack(affine(mechanism.value, source).chunk(heads, dim=-1), dim=1)
    return affine(mechanism.out, torch.cat((weights @ values).unbind(dim=1), dim=-1)), weights


def tents(here: Tensor, places: Tensor) -> Tensor:
    """How much a read at `here` [..., A] takes of each of the places [S, A]: nothing from one position away."""
    return (1 - (here[..., None, :] - places).abs()).clamp(min=0).prod(dim=-1)


def spatial_transformer(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    places = torch.tensor(where(layout), dtype=query.dtype)
    axes = places.shape[1]
    weights = []
    for row, length in enumerate(layout.lengths.tolist()):
        mine = places[:length]
        extent = mine.amax(dim=0) + 1 if length else torch.ones(axes, dtype=query.dtype)
        around = 2 * (mine + 0.5) / extent - 1
        read = affine(mechanism.look, torch.cat([query[row, :length], around], dim=1)).clamp(min=0)
        change = affine(mechanism.affine, read.sum(dim=0) / max(length, 1)).view(axes, axes + 1)
        # The grid of Jaderberg et al.: from -1 to 1 along each axis, identity and change in one matrix.
        moved = around @ (torch.eye(axes, dtype=query.dtype) + change[:, :axes]).T + change[:, axes]
        here = (moved + 1) * extent / 2 - 0.5
        rest = layout.size - length
        weights.append(nn.functional.pad(tents(here, mine), (0, rest, 0, rest)))
    weights = torch.stack(weights)
    return weights @ source, weights[:, None]


def focal(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
    outs, rows = [], []
    for row, length in enumerate(layout.lengths.tolist()):
        values, places = query[row, :length], torch.tensor(where(layout))[:length]
        gates, context = affine(mechanism.gates, values), affine(mechanism.context, values)
        distance = (places[:, None] - places).abs().amax(dim=-1)
        modulator, given, windows, reach = torch.zeros_like(values), [], [], 0
        for number, kernel in enumerate(mechanism.levels):
            channels = zip(context.unbind(dim=1), kernel.weight, strict=True)
            context = [correlated(one[None], its, layout) for one, its in channels] if length else [context[:, 0]]
            context = nn.functional.gelu(torch.stack(context, dim=1).expand(values.shape))
            reach = reach + kernel.kernel_size[0] // 2
            modulator = modulator + gates[:, number, None] * context
            given.append(gates[:, number].abs() * context.norm(dim=-1))
            windows.append((distance <= reach).to(values.dtype))
        whole = context.sum(dim=0, keepdim=True) / max(length, 1)
        modulator = modulator + gates[:, -1:] * whole
        given.append(gates[:, -1].abs() * whole.norm(dim=-1))
        windows.append(torch.ones_like(windows[-1]))
        outs.append(affine(mechanism.out, affine(mechanism.query, values) * affine(mechanism.modulator, modulator)))
        shares = torch.stack(given) / sum(given)
        even = torch.stack([window / window.sum(dim=1, keepdim=True) for window in windows])
        weights = (shares[..., None] * even).sum(dim=0)
        rest = layout.size - length
        outs[-1] = nn.functional.pad(outs[-1], (0, 0, 0, rest))
        rows.append(nn.functional.pad(weights, (0, rest, 0, rest)))
    return torch.stack(outs), torch.stack(rows)[:, None]


def gate(name: str, make, expected, grid: tuple[int, ...] | None = None, *, ordered: bool = True) -> Case:
    return Case(
        name,
        make,
        expected,
        lazy=True,
        cross=False,
        ordered=ordered,
        normalised=False,
        sees=itself,
        grid=grid,
    )


def sampled(name: str, made, expected, grid: tuple[int, ...] | None) -> Case:
    return Case(
        name,
        lambda width: made(width, heads=3, points=2),
        expected,
        heads=3,
        lazy=True,
        cross=False,
        ordered=True,
        normalised=False,
        every=False,
        grid=grid,
    )


def warped(name: str, made, grid: tuple[int, ...] | None) -> Case:
    return Case(
        name,
        made,
        spatial_transformer,
        lazy=True,
        cross=False,
        ordered=True,
        normalised=False,
        every=False,
        grid=grid,
    )


def modulated(name: str, options: dict[str, int], grid: tuple[int, ...] | None) -> Case:
    made = partial(attention.Focal, **options)
    return Case(name, made, focal, lazy=True, cross=False, ordered=True, grid=grid)


CASES = (
    gate("CBAM", attention.CBAM, cbam),
    gate("CBAM axes 2", lambda width: attention.CBAM(width, axes=2, kernel=3, reduction=7), cbam, (3, 5)),
    gate("CBAM axes 3", lambda width: attention.CBAM(width, axes=3, kernel=3), cbam, (3, 2, 2)),
    sampled("Deformable", attention.Deformable, deformable, None),
    sampled("Deformable axes 2", partial(attention.Deformable, axes=2), deformable, (3, 5)),
    warped("SpatialTransformer", attention.SpatialTransformer, None),
    warped("SpatialTransformer axes 2", partial(attention.SpatialTransformer, axes=2, hidden=11), (3, 5)),
    modulated("Focal", {"levels": 2}, None),
    modulated("Focal axes 2", {"axes": 2, "window": 0, "levels": 3}, (3, 5)),
    modulated("Focal axes 3", {"axes": 3, "levels": 1}, (3, 2, 2)),
    gate("SqueezeExcitation", attention.SqueezeExcitation, squeeze_excitation, ordered=False),
    gate(
        "SqueezeExcitation reduction",
        lambda width: attention.SqueezeExcitation(width, reduction=40),
        squeeze_excitation,
        (3, 5),
        ordered=False,
    ),
)
