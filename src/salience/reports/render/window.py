"""The parts of a long text that are worth showing: its beginning, and windows around the units that mattered."""

from __future__ import annotations

from collections.abc import Sequence

from salience.core.place import Span

#: Characters shown on either side of an important unit.
AROUND = 90


def windows(text: str, important: Sequence[Span], *, limit: int) -> list[Span]:
    """Stretches of `text` in order, apart from each other, of about `limit` characters together.

    Args:
        important: the most important unit first; units are added while they fit.

    >>> windows("short", [Span(0, 5)], limit=100)
    [Span(start=0, stop=5)]
    """
    if len(text) <= limit:
        return [Span(0, len(text))]
    chosen = [Span(0, _edge(text, AROUND, +1))]
    for unit in important:
        around = Span(_edge(text, unit.start - AROUND, -1), _edge(text, unit.stop + AROUND, +1))
        wider = _merged([*chosen, around])
        if sum(each.stop - each.start for each in wider) > limit:
            break
        chosen = wider
    return chosen


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = Span(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return merged


def _edge(text: str, wanted: int, step: int) -> int:
    """The nearest gap between words outwards from `wanted`; `wanted` itself where a script has no gaps."""
    wanted = min(max(wanted, 0), len(text))
    if wanted in (0, len(text)):
        return wanted
    for position in range(wanted, wanted + 20 * step, step):
        if not 0 < position < len(text):
            return min(max(position, 0), len(text))
        if text[position].isspace():
            return position + 1 if step < 0 else position
    return wanted
