"""The surroundings of a prediction in a graph: nodes on rings around the asked one, edges as wide as they mattered.

A node is as large, and an edge as wide, as its score; blue speaks for the prediction, orange against it. Loops that the
model added are dashed. The same graph is always drawn in the same way.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from markupsafe import Markup

from salience.core.errors import DataError
from salience.core.place import Edge, Heat, Node
from salience.reports.charts.frame import text
from salience.reports.numerals import count, number
from salience.reports.visible import shortened

Id = str | int
Point = tuple[float, float]

WIDTH = 640
_RING, _MARGIN = 92, 56
# More nodes than these overlap; those with the strongest units are drawn.
_MOST_NODES = 36
_SMALLEST, _LARGEST = 4.0, 15.0
_THINNEST, _WIDEST = 0.6, 9.0


def render(cell: str, heats: Sequence[Heat], *, full: float | None = None, limit: int | None = None) -> Markup:  # noqa: ARG001
    """The picture of one neighbourhood, or of a graph.

    Args:
        cell: JSON with `asked`, the ids the question is about; none for a whole graph.
        full: not used: sizes are compared within one picture.
        limit: not used: a picture does not grow with its neighbourhood.

    Raises:
        DataError: the cell names no such nodes.
    """
    asked = _asked(cell)
    nodes = {heat.unit.place.id: heat for heat in heats if isinstance(heat.unit.place, Node)}
    edges = [heat for heat in heats if isinstance(heat.unit.place, Edge)]
    ids = {str(each): each for each in [*nodes, *(end for heat in edges for end in _ends(heat))]}
    centre = [ids.get(each, each) for each in asked]
    shown = _shown(centre, nodes, edges)
    drawn = [heat for heat in edges if set(_ends(heat)) <= set(shown)]
    places, rings = _places(centre, shown, drawn)
    size = 2 * (_MARGIN + _RING * rings)
    of_nodes = max((abs(nodes[each].score) for each in shown if each in nodes), default=0.0)
    of_edges = max((abs(heat.score) for heat in drawn), default=0.0)
    parts = [*_edges(drawn, places, of_edges), *_nodes(shown, centre, nodes, places, of_nodes)]
    moved = Markup('<g transform="translate({:.0f} {:.0f})">').format(WIDTH / 2, size / 2)
    left = len(ids) - len(shown)
    note = text(4, size - 6, f"and {count(left)} more nodes", css="tick") if left > 0 else Markup("")
    opening = Markup('<svg class="chart graph" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">')
    told = f"The neighbourhood of {', '.join(asked)}" if asked else f"A graph of {len(shown)} nodes"
    return opening.format(WIDTH, size, told) + moved + Markup("").join(parts) + Markup("</g>") + note + Markup("</svg>")


def _asked(cell: str) -> list[str]:
    try:
        return [str(each) for each in json.loads(cell)["asked"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError("the cell does not name the nodes of a graph", where="a picture of a graph") from error


def _ends(heat: Heat) -> tuple[Id, Id]:
    place = heat.unit.place
    assert isinstance(place, Edge)
    return place.source, place.target


def _shown(centre: Sequence[Id], nodes: Mapping[Id, Heat], edges: Sequence[Heat]) -> list[Id]:
    """The asked nodes, and the others by what they and their edges matter, each with a way to the centre."""
    weight: dict[Id, float] = defaultdict(float)
    for each, heat in nodes.items():
        weight[each] += abs(heat.score)
    for heat in edges:
        for end in set(_ends(heat)):
            weight[end] += abs(heat.score)
    beside = _neighbours(edges)
    ranked = sorted(weight, key=lambda each: (-weight[each], str(each)))
    kept = dict.fromkeys(centre or ranked[:1])
    while len(kept) < _MOST_NODES:
        reached = [each for each in ranked if each not in kept and beside[each] & kept.keys()]
        fresh = reached or [each for each in ranked if each not in kept]
        if not fresh:
            break
        kept[fresh[0]] = None
    return list(kept)


def _neighbours(edges: Iterable[Heat]) -> dict[Id, set[Id]]:
    found: dict[Id, set[Id]] = defaultdict(set)
    for source, target in map(_ends, edges):
        found[source].add(target)
        found[target].add(source)
    return found


def _places(centre: Sequence[Id], shown: Sequence[Id], edges: Sequence[Heat]) -> tuple[dict[Id, Point], int]:
    """Where each node stands: on the ring of its distance, in the sector of the node it was reached from."""
    beside = _neighbours(edges)
    roots = list(centre) or list(shown[:1])
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
            angle, radius = begin + offset + own / 2, _RING * (level + first)
            places[each] = (radius * math.cos(angle), radius * math.sin(angle))
    return places, len(rings) - 1 + (first > 0)


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


def _edges(edges: Sequence[Heat], places: Mapping[Id, Point], full: float) -> Iterator[Markup]:
    drawn: dict[frozenset[Id], int] = defaultdict(int)
    shape = Markup('<path class="{}" d="{}" stroke-width="{:.2f}"{}><title>{}: {}</title></path>')
    # The weakest first, so that what matters lies on top.
    for heat in sorted(edges, key=lambda each: abs(each.score)):
        source, target = _ends(heat)
        pair = frozenset((source, target))
        path = (
            _loop(places[source], drawn[pair])
            if source == target
            else _bow(places[source], places[target], drawn[pair])
        )
        drawn[pair] += 1
        place = heat.unit.place
        dashes = Markup(' stroke-dasharray="3 3"') if isinstance(place, Edge) and place.added else ""
        kind = "edge against" if heat.score < 0 else "edge for"
        width = _THINNEST + (_WIDEST - _THINNEST) * abs(heat.score) / full if full else _THINNEST
        yield shape.format(kind, path, width, dashes, heat.unit.text, number(heat.score))


def _bow(start: Point, stop: Point, among: int) -> str:
    """A line, and further ones between the same nodes beside it."""
    bend = 14 * ((among + 1) // 2) * (1 if among % 2 else -1)
    across, down = stop[0] - start[0], stop[1] - start[1]
    length = math.hypot(across, down) or 1.0
    middle = (start[0] + stop[0]) / 2 - bend * down / length, (start[1] + stop[1]) / 2 + bend * across / length
    return f"M{start[0]:.1f} {start[1]:.1f}Q{middle[0]:.1f} {middle[1]:.1f} {stop[0]:.1f} {stop[1]:.1f}"


def _loop(at: Point, among: int) -> str:
    wide = 13 + 5 * among
    return f"M{at[0]:.1f} {at[1]:.1f}c{-wide - 8} {-wide - 16} {wide + 8} {-wide - 16} 0 0"


def _nodes(
    shown: Sequence[Id], centre: Sequence[Id], nodes: Mapping[Id, Heat], places: Mapping[Id, Point], full: float
) -> Iterator[Markup]:
    circle = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>')
    for each in shown:
        heat, (x, y) = nodes.get(each), places[each]
        score = heat.score if heat else 0.0
        kind = "node plain" if not score else "node against" if score < 0 else "node for"
        radius = _SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(abs(score) / full) if full else _SMALLEST
        title = f"{each}: {number(score)}" if heat else f"{each}: no features"
        yield circle.format(f"{kind} asked" if each in centre else kind, x, y, radius, title)
        yield text(x, y + radius + 11, shortened(str(each), 14), css="tick", anchor="middle")
