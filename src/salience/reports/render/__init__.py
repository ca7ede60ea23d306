"""Pictures of importance, one file per kind of place: where a unit sits decides how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from salience.core.errors import NotAvailable
from salience.core.place import Column, Edge, Heat, Node, Place, Span, Stretch
from salience.reports.render import column, graph, span, time

__all__ = ["render"]

_DRAWN: dict[type[Place], Callable[..., Markup]] = {
    Column: column.render,
    Edge: graph.render,
    Node: graph.render,
    Span: span.render,
    Stretch: time.render,
}


def render(cell: str, heats: Sequence[Heat], *, full: float | None = None, limit: int | None = None) -> Markup:
    """One cell with its importances as safe HTML; without any, the plain cell.

    Args:
        full: the size of a score drawn at full strength; by default that of these heats.
        limit: about how much of a long cell to show.

    Raises:
        NotAvailable: nothing draws this kind of place.
        DataError: the places do not fit the cell.
    """
    kinds = {type(heat.unit.place) for heat in heats}
    unknown = [kind.__name__ for kind in kinds if kind not in _DRAWN]
    if unknown or len({_DRAWN[kind] for kind in kinds}) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        drawn = ", ".join(kind.__name__ for kind in _DRAWN)
        raise NotAvailable(f"cannot draw importances at {names} in one cell", fix=f"places that can be drawn: {drawn}")
    draw = _DRAWN[kinds.pop()] if kinds else span.render
    return draw(cell, heats, full=full, limit=limit)
