"""A text with its important stretches marked, as safe HTML.

Colour, underline and a title say how strongly a unit mattered; solid means for the prediction, dashed against it, and
pale with dots that models trained with other seeds may well say otherwise.
Every character of the text is kept, in order, inside or between the marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from markupsafe import Markup, escape

from salience.core.errors import DataError
from salience.core.place import Heat, Span
from salience.evaluation.score import Score
from salience.reports.numerals import count, measured, number
from salience.reports.render.level import full_strength, level, strongest
from salience.reports.render.window import windows
from salience.reports.visible import visible

# More marks than these blur a picture and bloat a page; the weakest stay unmarked.
_MOST_MARKS = 250


def render(cell: str, heats: Sequence[Heat], *, full: float | None = None, limit: int | None = None) -> Markup:
    """The text of one cell with a `<mark>` around each unit that mattered.

    Args:
        full: the size of a score drawn at full strength; by default that of these heats.
        limit: about how many characters to show; of longer texts the beginning and what surrounds the strongest units.

    Raises:
        DataError: a unit lies outside the text, or two units overlap.
    """
    ordered = _ordered(cell, heats)
    full = full_strength(heats) if full is None else full
    marked = [heat for heat in strongest(ordered, _MOST_MARKS) if level(heat.score, full)]
    shown = [Span(0, len(cell))] if limit is None else windows(cell, [span_of(each) for each in marked], limit=limit)
    marked.sort(key=lambda heat: span_of(heat).start)
    return Markup("").join(_stretches(cell, marked, full, shown))


def span_of(heat: Heat) -> Span:
    """Where a unit of a text stands."""
    return cast(Span, heat.unit.place)


def _stretches(cell: str, marked: Sequence[Heat], full: float, shown: Sequence[Span]) -> Iterator[Markup]:
    reached = 0
    for span in shown:
        yield _gap(span.start - reached)
        yield from _pieces(cell, span, marked, full)
        reached = span.stop
    yield _gap(len(cell) - reached)


def _pieces(cell: str, span: Span, marked: Sequence[Heat], full: float) -> Iterator[Markup]:
    reached = span.start
    for heat in marked:
        # A window may cut through a unit; what is inside is still marked.
        start, stop = max(span_of(heat).start, span.start), min(span_of(heat).stop, span.stop)
        if start >= stop:
            continue
        yield _text(cell[reached:start])
        yield _mark(cell[start:stop], heat, full)
        reached = stop
    yield _text(cell[reached : span.stop])


def _mark(text: str, heat: Heat, full: float) -> Markup:
    kind = f"{'against' if heat.score < 0 else 'for'} l{level(heat.score, full)}{' faint' if heat.faint else ''}"
    told = measured(Score(heat.score, heat.low, heat.high)) if heat.low is not None else number(heat.score)
    return Markup('<mark class="{}" title="{}">{}</mark>').format(kind, told, _text(text))


def _text(text: str) -> Markup:
    # A bare carriage return would reach the page as a line feed: HTML reads them alike unless they are spelled out.
    return Markup(escape(visible(text)).replace("\r", "&#13;"))


def _gap(size: int) -> Markup:
    left_out = Markup(
        '<span class="gap">\N{MIDLINE HORIZONTAL ELLIPSIS} {} characters \N{MIDLINE HORIZONTAL ELLIPSIS}</span>'
    )
    return left_out.format(count(size)) if size else Markup("")


def _ordered(cell: str, heats: Sequence[Heat]) -> list[Heat]:
    ordered = sorted(heats, key=lambda heat: (span_of(heat).start, span_of(heat).stop))
    reached = 0
    for heat in ordered:
        place = span_of(heat)
        if not 0 <= place.start <= place.stop <= len(cell):
            where = f"column '{heat.unit.column}', characters {place.start} to {place.stop}"
            raise DataError(f"the unit lies outside the text, which has {len(cell)} characters", where=where)
        if place.start < reached:
            where = f"column '{heat.unit.column}', characters {place.start} to {place.stop}"
            raise DataError("two units overlap, so a character would be drawn twice", where=where)
        reached = place.stop
    return ordered
