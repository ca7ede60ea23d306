"""The surroundings of a prediction in a graph: nodes on rings around the asked one, edges as wide as they mattered.

A node is as large, and an edge as wide, as its score; blue speaks for the prediction, orange against it. An arrow leads
to the node that is told. Loops that the model added are dashed, and stand apart from the user's. The same graph is
always drawn in the same way.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from salience.core.errors import DataError
from salience.core.place import Edge, Heat, Node
from salience.reports.charts.frame import text
from salience.reports.numerals import count, number
from salience.reports.render.graph_places import MARGIN, WIDTH, Id, Point, chosen, ends, free_angle, neighbours, placed
from salience.reports.visible import shortened

_SMALLEST, _LARGEST = 4.0, 15.0
_THINNEST, _WIDEST = 0.6, 9.0
# The room between several edges of the same two nodes, beside what their widths take.
_APART = 14


def render(cell: str, heats: Sequence[Heat], *, full: float | None = None, limit: int | None = None) -> Markup:  # noqa: ARG001
    """The picture of one neighbourhood, or of a graph.

    Args:
        cell: JSON with `asked`, the ids the question is about, none for a whole graph; and with `directed`, whether
            edges have a direction, which they have if it does not say so.
        full: not used: sizes are compared within one picture.
        limit: not used: a picture does not grow with its neighbourhood.

    Raises:
        DataError: the cell names no such nodes.
    """
    asked, directed = _understood(cell)
    nodes = {heat.unit.place.id: heat for heat in heats if isinstance(heat.unit.place, Node)}
    edges = [heat for heat in heats if isinstance(heat.unit.place, Edge)]
    ids = {str(each): each for each in [*nodes, *(end for heat in edges for end in ends(heat))]}
    centre = [ids.get(each, each) for each in asked]
    shown = chosen(centre, nodes, edges)
    drawn = [heat for heat in edges if set(ends(heat)) <= set(shown)]
    places = placed(centre, shown, drawn) if shown else {}
    of_nodes = max((abs(nodes[each].score) for each in shown if each in nodes), default=0.0)
    radii = {each: _radius(nodes.get(each), of_nodes) for each in shown}
    parts = [*_edges(drawn, places, radii, directed=directed), *_nodes(shown, centre, nodes, places, radii)]
    top = min((y for _, y in places.values()), default=0.0) - MARGIN
    size = max((y for _, y in places.values()), default=0.0) + MARGIN - top
    across = [x for x, _ in places.values()] or [0.0]
    middle = (min(across) + max(across)) / 2
    moved = Markup('<g transform="translate({:.0f} {:.0f})">').format(WIDTH / 2 - middle, -top)
    told = f"The neighbourhood of {', '.join(asked)}" if asked else f"A graph of {len(shown)} nodes"
    opening = Markup('<svg class="chart graph" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">')
    legend = text(4, size + 12, _legend(drawn, len(ids) - len(shown), directed=directed), css="key")
    closing = Markup("</g>") + legend + Markup("</svg>")
    return opening.format(WIDTH, size + 18, told) + moved + Markup("").join(parts) + closing


def _understood(cell: str) -> tuple[list[str], bool]:
    """The ids that the question is about, and whether edges have a direction."""
    try:
        told = json.loads(cell)
        return [str(each) for each in told["asked"]], bool(told.get("directed", True))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError("the cell does not name the nodes of a graph", where="a picture of a graph") from error


def _legend(edges: Sequence[Heat], left: int, *, directed: bool) -> str:
    """What sizes, arrows and dashes mean, as far as they occur, and how many nodes are not drawn."""
    parts = ["larger nodes and wider edges mattered more"]
    if directed and any(not _added(heat) for heat in edges):
        parts.append("an arrow leads to the node that is told")
    if any(_added(heat) for heat in edges):
        parts.append("dashed: loops that the model added")
    if left > 0:
        parts.append(f"and {count(left)} more {'node' if left == 1 else 'nodes'}")
    return "; ".join(parts)


def _added(heat: Heat) -> bool:
    return isinstance(heat.unit.place, Edge) and heat.unit.place.added


def _edges(
    edges: Sequence[Heat], places: Mapping[Id, Point], radii: Mapping[Id, float], *, directed: bool
) -> Iterator[Markup]:
    full = max((abs(heat.score) for heat in edges), default=0.0)
    among: dict[frozenset[Id], int] = defaultdict(int)
    beside = neighbours(edges)
    shape = Markup('<path class="{}" d="{}" stroke-width="{:.2f}"{}><title>{}: {}</title></path>{}')
    # The weakest first, so that what matters lies on top; of equals always the same one.
    for heat in sorted(edges, key=lambda each: (abs(each.score), each.unit.text, str(each.unit.place))):
        source, target = ends(heat)
        pair = frozenset((source, target))
        width = _THINNEST + (_WIDEST - _THINNEST) * abs(heat.score) / full if full else _THINNEST
        kind = "against" if heat.score < 0 else "for"
        head = Markup("")
        if source == target:
            out = free_angle(places[source], (places[each] for each in beside[source]))
            path = _loop(places[source], out, radii[source], among[pair])
        else:
            arrow = 5 + 1.3 * width if directed else 0.0
            path, tip, angle = _bow(places[source], places[target], among[pair], radii[target], arrow)
            head = _head(tip, angle, arrow, kind) if directed else head
        among[pair] += 1
        dashes = Markup(' stroke-dasharray="3 3"') if _added(heat) else ""
        yield shape.format(f"edge {kind}", path, width, dashes, heat.unit.text, number(heat.score), head)


def _bow(start: Point, stop: Point, among: int, radius: float, arrow: float) -> tuple[str, Point, float]:
    """A line that ends where its arrow begins, and further ones between the same nodes beside it.

    Returns:
        The path, the point of the arrow at the rim of the node, and the angle at which it arrives.
    """
    bend = _APART * ((among + 1) // 2) * (1 if among % 2 else -1)
    # Both directions of a pair bend to the side that their number says.
    bend = bend if start <= stop else -bend
    across, down = stop[0] - start[0], stop[1] - start[1]
    length = math.hypot(across, down) or 1.0
    # The curve passes half way between the line and its control point.
    middle = start[0] + across / 2 - 2 * bend * down / length, start[1] + down / 2 + 2 * bend * across / length
    angle = math.atan2(stop[1] - middle[1], stop[0] - middle[0])
    tip = stop[0] - radius * math.cos(angle), stop[1] - radius * math.sin(angle)
    end = stop
    if arrow:
        end = tip[0] - 0.8 * arrow * math.cos(angle), tip[1] - 0.8 * arrow * math.sin(angle)
    line = f"M{start[0]:.1f} {start[1]:.1f}Q{middle[0]:.1f} {middle[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    return line, tip, angle


def _head(tip: Point, angle: float, size: float, kind: str) -> Markup:
    corners = [tip]
    for side in (0.42, -0.42):
        corners.append((tip[0] - size * math.cos(angle + side), tip[1] - size * math.sin(angle + side)))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return Markup('<polygon class="head {}" points="{}"/>').format(kind, points)


def _loop(at: Point, out: float, radius: float, among: int) -> str:
    """A loop in a direction; further ones are larger."""
    far = 2.2 * radius + 18 + 12 * among
    ends_at = [(at[0] + far * math.cos(out + side), at[1] + far * math.sin(out + side)) for side in (-0.5, 0.5)]
    (left, above), (right, below) = ends_at
    return f"M{at[0]:.1f} {at[1]:.1f}C{left:.1f} {above:.1f} {right:.1f} {below:.1f} {at[0]:.1f} {at[1]:.1f}"


def _radius(heat: Heat | None, full: float) -> float:
    score = abs(heat.score) if heat else 0.0
    return _SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(score / full) if full else _SMALLEST


def _nodes(
    shown: Sequence[Id],
    centre: Sequence[Id],
    nodes: Mapping[Id, Heat],
    places: Mapping[Id, Point],
    radii: Mapping[Id, float],
) -> Iterator[Markup]:
    circle = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>')
    for each in shown:
        heat, (x, y), radius = nodes.get(each), places[each], radii[each]
        score = heat.score if heat else 0.0
        kind = "node plain" if not score else "node against" if score < 0 else "node for"
        title = f"{each}: {number(score)}" if heat else f"{each}: no features"
        yield circle.format(f"{kind} asked" if each in centre else kind, x, y, radius, title)
    # Names lie above all nodes and edges.
    for each in shown:
        (x, y), asked = places[each], " asked" if each in centre else ""
        yield text(x, y + radii[each] + 11, shortened(str(each), 14), css=f"tick{asked}", anchor="middle")
