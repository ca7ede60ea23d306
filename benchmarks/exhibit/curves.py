"""Draw time and memory over the number of elements, both in powers of ten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.exhibit.svg import GREY, document, text

# For each mechanism: elements, milliseconds, mebibytes.
Points = Sequence[tuple[float, float, float]]
# Okabe and Ito's colours, which most people can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#222222")
WIDTH, HEIGHT, LEFT, TOP, BETWEEN = 250, 190, 62, 30, 84


def draw(found: Mapping[str, Points]) -> str:
    """Two fields side by side, and the names below."""
    ticks = sorted({2 ** round(math.log2(each[0])) for points in found.values() for each in points})
    parts = []
    for field, words in enumerate(("time, ms", "peak memory, MiB")):
        x = LEFT + field * (WIDTH + BETWEEN)
        values = [each[field + 1] for points in found.values() for each in points]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        low, high = low, max(high, low + 1)
        parts += _axes(x, words, ticks, low, high)
        for number, points in enumerate(found.values()):
            at = [(_across(x, each[0], ticks), _up(each[field + 1], low, high)) for each in points]
            line = " ".join(f"{a:.1f},{b:.1f}" for a, b in at)
            colour = COLOURS[number % len(COLOURS)]
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colour}"/>' for a, b in at]
    across = 4
    for number, name in enumerate(found):
        x, y = LEFT + number % across * 140, TOP + HEIGHT + 56 + number // across * 18
        parts.append(f'<rect x="{x}" y="{y - 8}" width="14" height="4" fill="{COLOURS[number % len(COLOURS)]}"/>')
        parts.append(text(x + 20, y, name))
    height = TOP + HEIGHT + 56 + math.ceil(len(found) / across) * 18
    return document(LEFT + 2 * WIDTH + BETWEEN + 20, height, parts, title="Cost of " + ", ".join(found))


def _axes(x: float, words: str, ticks: Sequence[int], low: int, high: int) -> list[str]:
    parts = [text(x, TOP - 12, words, bold=True)]
    for power in range(low, high + 1):
        y = _up(10.0**power, low, high)
        parts.append(f'<line x1="{x}" y1="{y:.1f}" x2="{x + WIDTH}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(text(x - 8, y + 4, f"{10.0**power:g}", anchor="end"))
    for tick in ticks:
        parts.append(text(_across(x, tick, ticks), TOP + HEIGHT + 18, f"{tick:,}", anchor="middle"))
    parts.append(text(x + WIDTH / 2, TOP + HEIGHT + 34, "elements", anchor="middle"))
    parts.append(f'<path d="M{x} {TOP}v{HEIGHT}h{WIDTH}" fill="none" stroke="{GREY}"/>')
    return parts


def _across(x: float, elements: float, ticks: Sequence[int]) -> float:
    share = math.log(elements / ticks[0]) / math.log(ticks[-1] / ticks[0])
    return x + 14 + share * (WIDTH - 28)


def _up(value: float, low: int, high: int) -> float:
    return TOP + HEIGHT * (high - math.log10(value)) / (high - low)
