"""Where the nodes of a picture of a graph stand: on rings around those that are asked about."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from salience.core.place import Edge, Heat

Id = str | int
Point = tuple[float, float]

#: The distance of one ring from the next.
RING = 92
WIDTH = 640
#: Room for labels, and for loops, around the outermost nodes.
MARGIN = 44
# Rings that come closer than this would overlap.
_CLOSEST = 40
#: More nodes than these overlap; those with the strongest units are drawn.
MOST_NODES = 36


def chosen(centre: Sequence[Id], nodes: Mapping[Id, Heat], edges: Sequence[Heat]) -> list[Id]:
    """The asked nodes, and the others by what they and their edges matter, each with a way to the centre."""
    weight: dict[Id, float] = defaultdict(float)
    for each, heat in nodes.items():
        weight[each] += abs(heat.score)
    for heat in edges:
        for end in set(ends(heat)):
            weight[end] += abs(heat.score)
    beside = neighbours(edges)
    ranked = sorted(weight, key=lambda each: (-weight[each], str(each)))
    kept = dict.fromkeys(centre or ranked[:1])
    while len(kept) < MOST_NODES:
        reached = [each for each in ranked if each not in kept and beside[each] & kept.keys()]
        fresh = reached or [each for each in ranked if each not in kept]
        if not fresh:
            break
        kept[fresh[0]] = None
    return list(kept)


def neighbours(edges: Iterable[Heat]) -> dict[Id, set[Id]]:
    """The other ends of the edges of each node."""
    found: dict[Id, set[Id]] = defaultdict(set)
    for source, target in map(ends, edges):
        found[source].add(target)
        found[target].add(source)
    return found


def placed(centre: Sequence[Id], shown: Sequence[Id], edges: Sequence[Heat]) -> dict[Id, Point]:
    """Where each node stands: on the ring of its distance, in the sector of the node it was reached from.

    Without a centre it is the node from which the farthest one is nearest.
    """
    beside = neighbours(edges)
    roots = list(centre) or [min(shown, key=lambda each: (*_farthest(each, beside), str(each)))]
    parent: dict[Id, Id | None] = dict.fromkeys(roots)
    rings = [roots]
    while len(parent) < len(shown):
        fresh: dict[Id, Id | None] = {}
        for each in rings[-1]:
            for other in sorted(beside[each], key=str):
                if other not in parent and other not in fresh:
                    fresh[other] = each
        # What no edge joins to the rest stands on a ring of its own.
        fresh = fresh or {each: None for each in shown if each not in parent}
        parent |= fresh
        rings.append(list(fresh))
    # By the root, so that a node with many others behind it does not crowd its neighbours together.
    share = {each: math.sqrt(count) for each, count in _leaves(rings, parent).items()}
    places: dict[Id, Point] = {}
    sector: dict[Id | None, list[float]] = {None: [0.0, 2 * math.pi]}
    first = 0 if len(roots) == 1 else 0.45
    for level, ring in enumerate(rings):
        for each in ring:
            begin, width = sector[parent[each]]
            siblings = [other for other in ring if parent[other] == parent[each]]
            own = width * share[each] / sum(share[other] for other in siblings)
            offset = (
                width
                * sum(share[other] for other in siblings[: siblings.index(each)])
                / sum(share[other] for other in siblings)
            )
            sector[each] = [begin + offset, own]
            angle, radius = begin + offset + own / 2, RING * (level + first)
            places[each] = (radius * math.cos(angle), radius * math.sin(angle))
    return _fitted(places)


def _fitted(places: Mapping[Id, Point]) -> dict[Id, Point]:
    """Lying rather than standing, and no wider than the picture, unless nodes would come too close then."""
    wide, high = (max(each) - min(each) for each in zip(*places.values(), strict=True))
    lies = wide >= high
    share = min(1.0, (WIDTH - 2 * MARGIN) / max(wide, high, 1.0))
    if not lies and share * RING < _CLOSEST:
        return dict(places)
    return {each: (share * x, share * y) if lies else (share * y, share * x) for each, (x, y) in places.items()}


def free_angle(at: Point, others: Iterable[Point]) -> float:
    """The middle of the widest gap between the directions to other points, and to what is written below this one."""
    angles = sorted([math.pi / 2, *(math.atan2(y - at[1], x - at[0]) for x, y in others if (x, y) != at)])
    gaps = [after - before for before, after in zip(angles, [*angles[1:], angles[0] + 2 * math.pi], strict=True)]
    widest = max(range(len(gaps)), key=lambda place: gaps[place])
    return angles[widest] + gaps[widest] / 2


def _leaves(rings: Sequence[Sequence[Id]], parent: Mapping[Id, Id | None]) -> dict[Id, int]:
    """How many nodes without others behind them lie behind each node, itself at least."""
    found: dict[Id, int] = defaultdict(int)
    for ring in reversed(rings):
        for each in ring:
            found[each] = max(1, found[each])
            above = parent[each]
            if above is not None:
                found[above] += found[each]
    return found


def _farthest(start: Id, beside: Mapping[Id, set[Id]]) -> tuple[int, int]:
    """How many nodes are out of reach, the fewest first, and how many edges away the farthest of the others is."""
    met, ring, steps = {start}, {start}, -1
    while ring:
        steps += 1
        ring = {other for each in ring for other in beside[each]} - met
        met |= ring
    return -len(met), steps


def ends(heat: Heat) -> tuple[Id, Id]:
    """The nodes that an edge joins."""
    place = heat.unit.place
    assert isinstance(place, Edge)
    return place.source, place.target
