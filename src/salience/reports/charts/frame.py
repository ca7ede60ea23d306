"""The frame of a chart: from values to places on paper, the axes with round numbers, and labels that keep apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from salience.reports.visible import on_one_line

WIDTH = 360
_TOP, _BOTTOM, _LEFT = 28, 38, 40


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle that shows values `x[0]..x[1]` from left to right and `y[0]..y[1]` upwards."""

    x: tuple[float, float]
    y: tuple[float, float]
    right: float = 16  # space beside the rectangle, for labels
    height: float = 240

    def across(self, value: float) -> float:
        return _LEFT + _share(value, self.x) * (WIDTH - _LEFT - self.right)

    def up(self, value: float) -> float:
        return self.height - _BOTTOM - _share(value, self.y) * (self.height - _TOP - _BOTTOM)

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        """The points as the value of an SVG `points` attribute."""
        return " ".join(f"{self.across(x):.1f},{self.up(y):.1f}" for x, y in points)

    def axes(self, x_label: str, y_label: str, *, x_ticks: Sequence[str | float]) -> Markup:
        """Grid lines, numbers and the names of both axes. `x_ticks` are values, drawn as they are written."""
        parts = [self._row(value) for value in ticks(*self.y)]
        parts += [self._column(float(value), str(value)) for value in x_ticks]
        parts.append(text(0, 13, y_label, css="name"))
        parts.append(text(WIDTH - self.right, self.height - 4, x_label, css="name", anchor="end"))
        return Markup("").join(parts)

    def draw(self, content: Iterable[Markup], *, description: str) -> Markup:
        """The finished chart. `description` is read out to those who cannot see it."""
        opening = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">')
        return (
            opening.format(WIDTH, self.height, on_one_line(description)) + Markup("").join(content) + Markup("</svg>")
        )

    def _row(self, value: float) -> Markup:
        y = self.up(value)
        line = Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
        label = text(_LEFT - 6, y + 4, f"{value:g}".replace("-", "\N{MINUS SIGN}"), css="tick", anchor="end")
        return line.format(_LEFT, WIDTH - self.right, y, y) + label

    def _column(self, value: float, label: str) -> Markup:
        return text(self.across(value), self.height - _BOTTOM + 16, label, css="tick", anchor="middle")


def text(x: float, y: float, content: str, *, css: str, anchor: str = "start") -> Markup:
    """A label at a place."""
    label = Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
    return label.format(css, x, y, anchor, on_one_line(content))


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers inside an interval, about this many.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough * 0.75)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def around(values: Iterable[float | None], *, include: Sequence[float] = ()) -> tuple[float, float]:
    """An interval that holds all values, with a little room; never empty."""
    known = [value for value in [*values, *include] if value is not None and math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = 0.06 * (high - low) or 0.1 * abs(high) or 0.5
    return low - room, high + room


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """The positions moved apart until neighbours are `gap` apart, in the same order, about the same middle.

    >>> spread([10.0, 12.0, 50.0], 10.0)
    [6.0, 16.0, 50.0]
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    placed: list[list[int]] = []
    for index in order:
        placed.append([index])
        # Groups that would touch are merged and centred on the mean of their members.
        while len(placed) > 1 and _bottom(placed[-2], positions, gap) + gap > _first(placed[-1], positions, gap):
            last = placed.pop()
            placed[-1] += last
    moved = list(positions)
    for group in placed:
        for rank, index in enumerate(group):
            moved[index] = _first(group, positions, gap) + rank * gap
    return moved


def _first(group: list[int], positions: Sequence[float], gap: float) -> float:
    return sum(positions[index] for index in group) / len(group) - gap * (len(group) - 1) / 2


def _bottom(group: list[int], positions: Sequence[float], gap: float) -> float:
    return _first(group, positions, gap) + gap * (len(group) - 1)


def _share(value: float, interval: tuple[float, float]) -> float:
    return (value - interval[0]) / (interval[1] - interval[0])
