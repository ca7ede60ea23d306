"""Curves over the share of units that are gone or back, with their uncertainty, each named at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from salience.reports.charts.frame import WIDTH, Frame, around, spread, text
from salience.reports.content import CurvePoint
from salience.reports.visible import shortened

_ROOM_FOR_NAMES = 104
_LINE_OF_TEXT = 15
# Letters of a name that fit beside the curves.
_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: `kind` is its CSS class (`shown`, `best` or `reference`)."""

    name: str
    kind: str
    points: tuple[CurvePoint, ...]


def curves(lines: Sequence[Line], *, x_label: str, y_label: str, description: str) -> Markup:
    """One chart of all lines that have points; the first one is drawn on top."""
    drawn = [Line(line.name, line.kind, tuple(sorted(line.points, key=_fraction))) for line in lines if line.points]
    points = [point for line in drawn for point in line.points]
    frame = Frame(
        (0, 1), around(bound for each in points for bound in (each.value, each.low, each.high)), right=_ROOM_FOR_NAMES
    )
    parts = [frame.axes(x_label, y_label, x_ticks=["0", "0.25", "0.5", "0.75", "1"])]
    parts += [_band(frame, line) for line in reversed(drawn)]
    parts += [_curve(frame, line) for line in reversed(drawn)]
    return frame.draw([*parts, *_names(frame, drawn)], description=description)


def _fraction(point: CurvePoint) -> float:
    return point.fraction


def _curve(frame: Frame, line: Line) -> Markup:
    path = frame.path((each.fraction, each.value) for each in line.points)
    return Markup('<polyline class="curve {}" points="{}"/>').format(line.kind, path)


def _band(frame: Frame, line: Line) -> Markup:
    lower = [(each.fraction, each.low) for each in line.points if each.low is not None]
    upper = [(each.fraction, each.high) for each in line.points if each.high is not None]
    if len(lower) < 2 or len(upper) < 2:
        return Markup("")
    return Markup('<polygon class="band {}" points="{}"/>').format(line.kind, frame.path([*lower, *reversed(upper)]))


def _names(frame: Frame, lines: Sequence[Line]) -> list[Markup]:
    x = WIDTH - _ROOM_FOR_NAMES + 8
    broken = [_broken(line.name) for line in lines]
    gap = _LINE_OF_TEXT * max((len(each) for each in broken), default=1)
    # Deletion curves all end at the empty text: where they meet, the names stand apart.
    heights = spread([frame.up(line.points[-1].value) for line in lines], gap)
    return [
        text(x, height + 4 + _LINE_OF_TEXT * (row - (len(words) - 1) / 2), part, css=f"label {line.kind}")
        for line, height, words in zip(lines, heights, broken, strict=True)
        for row, part in enumerate(words)
    ]


def _broken(name: str) -> list[str]:
    """The name on one line, or on two where it has a gap to break at."""
    if len(name) <= _LETTERS:
        return [name]
    gaps = [place for place, letter in enumerate(name) if letter == " "]
    middle = min(gaps, key=lambda place: abs(place - len(name) / 2), default=len(name))
    return [shortened(part, _LETTERS + 2) for part in (name[:middle], name[middle + 1 :]) if part]
