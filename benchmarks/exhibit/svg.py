"""Small pictures in SVG, written out by hand: a few kilobytes, and the same on every machine."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

INK, GREY, PLANTED = "#222", "#999", "#c22"
# How many shades a weight may have.
SHADES = 24


def document(width: float, height: float, parts: Iterable[str], *, title: str) -> str:
    """A whole picture on white, which both palettes of the pages can bear."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="sans-serif" font-size="11" fill="{INK}">\n'
        f"<title>{html.escape(title)}</title>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def text(
    x: float, y: float, words: str, *, anchor: str = "start", turned: bool = False, fill: str = "", bold: bool = False
) -> str:
    """Words that start, end or have their middle at a point."""
    extra = f' text-anchor="{anchor}"' if anchor != "start" else ""
    extra += f' transform="rotate(-50 {x:.0f} {y:.0f})"' if turned else ""
    extra += f' fill="{fill}"' if fill else ""
    extra += ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{extra}>{html.escape(words)}</text>'


def cells(weights: Sequence[Sequence[float]], x: float, y: float, side: float, *, largest: float) -> list[str]:
    """A field of squares: blue for weights above zero, orange for those below, white for none. One path a shade."""
    paths: dict[int, list[str]] = {}
    for row, values in enumerate(weights):
        for column, value in enumerate(values):
            level = round(SHADES * max(-1.0, min(1.0, value / largest))) if largest > 0 else 0
            if level:
                at = f"M{x + column * side:.0f} {y + row * side:.0f}h{side:.0f}v{side:.0f}h-{side:.0f}z"
                paths.setdefault(level, []).append(at)
    width, height = side * len(weights[0]), side * len(weights)
    frame = f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" fill="none" stroke="{GREY}"/>'
    return [*(f'<path d="{"".join(paths[level])}" fill="{shade(level)}"/>' for level in sorted(paths)), frame]


def shade(level: int) -> str:
    """From white to deep blue, or, below zero, to deep orange."""
    deep = (16, 58, 122) if level > 0 else (176, 84, 0)
    share = abs(level) / SHADES
    return "#" + "".join(f"{round(255 + (each - 255) * share):02x}" for each in deep)
