"""Draw where a mechanism looked: a field of weights, the patches of an image, or the edges of a graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.exhibit.svg import GREY, INK, PLANTED, SHADES, cells, document, shade, text

# What is drawn: names of sources and queries, weights [T][S], received [S], planted [S], and what the layout has.
Look = Mapping[str, Any]
SIDE, PATCH, GAP = 16, 34, 14
PAINT = {
    "red": "#d33",
    "blue": "#36c",
    "green": "#2a8a3a",
    "yellow": "#f2d13a",
    "black": "#222",
    "white": "#fff",
    "brown": "#8a5a2b",
    "pink": "#f3a6c4",
}
DARK = ("red", "blue", "green", "black", "brown")


def draw(look: Look) -> str:
    """The picture that suits the data."""
    if look["edges"] is not None:
        return _graph(look)
    return _field(look) if look["grid"] is None else _patches(look)


def _field(look: Look) -> str:
    """One row for each query, one column for each source, and below what each source received. Bold: who is asked."""
    names, queries = look["sources"], look["queries"]
    left = 16 + 6.4 * max(len(each) for each in (*queries, "received"))
    top = 12 + 4.8 * max(len(each) for each in names)
    parts = []
    for column, name in enumerate(names):
        planted = look["planted"][column]
        at = left + SIDE * (column + 0.6)
        parts.append(text(at, top - 5, name, turned=True, fill=PLANTED if planted else "", bold=planted))
    for row, name in enumerate(queries):
        parts.append(text(left - 6, top + SIDE * (row + 0.75), name, anchor="end", bold=row == look["asked"]))
    largest = max(abs(each) for row in look["weights"] for each in row)
    parts += cells(look["weights"], left, top, SIDE, largest=largest)
    below = top + SIDE * len(queries) + GAP
    parts.append(text(left - 6, below + SIDE * 0.75, "received", anchor="end", bold=True))
    parts += cells([look["received"]], left, below, SIDE, largest=max(abs(each) for each in look["received"]))
    # The last name leans over the edge of the field.
    width = left + SIDE * len(names) + 3.6 * len(names[-1]) + 10
    return document(width, below + SIDE + 8, parts, title=_title(look))


def _patches(look: Look) -> str:
    """The things where they are, what each received, and what the first of them looked at; frames stand in a row."""
    frames, rows, columns = (1, *look["grid"])[-3:]
    across = GAP + frames * (columns * PATCH + GAP)
    beside = frames == 1
    parts = []
    panels: list[tuple[str, Callable[[int], tuple[str, str]]]] = [
        ("what is there", lambda each: (PAINT[look["sources"][each].split()[0]], look["sources"][each].split()[1])),
        ("received", _shaded(look["received"])),
        ("the first patch looks at", _shaded(look["weights"][0])),
    ]
    for number, (words, content) in enumerate(panels):
        x, y = (number * across, 0) if beside else (0, number * (rows * PATCH + 30))
        parts.append(text(x + GAP, y + 18, words, bold=True))
        for each in range(frames * rows * columns):
            frame, row, column = each // (rows * columns), each // columns % rows, each % columns
            corner = (x + GAP + frame * (columns * PATCH + GAP) + column * PATCH, y + 26 + row * PATCH)
            parts += _patch(*corner, *content(each), planted=look["planted"][each])
    width, height = (len(panels) * across, rows * PATCH + 36) if beside else (across, 3 * (rows * PATCH + 30) + 6)
    return document(width, height, parts, title=_title(look))


def _patch(x: float, y: float, fill: str, words: str, *, planted: bool) -> list[str]:
    square = f'<rect x="{x:.0f}" y="{y:.0f}" width="{PATCH}" height="{PATCH}" fill="{fill}" stroke="{GREY}"/>'
    dark = fill in {PAINT[each] for each in DARK} or (fill[1] in "0123456789" and fill not in PAINT.values())
    parts = [square, text(x + PATCH / 2, y + PATCH * 0.62, words, anchor="middle", fill="#fff" if dark else "")]
    if planted:
        ring = PATCH - 4
        parts.append(
            f'<rect x="{x + 2:.0f}" y="{y + 2:.0f}" width="{ring}" height="{ring}" fill="none" '
            f'stroke="{PLANTED}" stroke-width="2.5" stroke-dasharray="4 2"/>'
        )
    return parts


def _shaded(weights: Sequence[float]) -> Callable[[int], tuple[str, str]]:
    largest = max(abs(each) for each in weights) or 1.0

    def content(number: int) -> tuple[str, str]:
        return shade(round(SHADES * weights[number] / largest)), f"{weights[number]:.2f}".replace("0.", ".")

    return content


def _graph(look: Look) -> str:
    """Nodes on a circle; the edges into the one that is asked are as thick as their weights."""
    size, radius = len(look["sources"]), 105
    middle = (radius + 75, radius + 30)
    turn = [2 * math.pi * each / size for each in range(size)]
    at = [(middle[0] + radius * math.sin(each), middle[1] - radius * math.cos(each)) for each in turn]
    asked, parts = look["asked"], []
    for source, query in look["edges"]:
        if source < query or (query == asked and source != asked):
            into = query == asked
            width = 0.7 if not into else 0.7 + 8 * abs(look["weights"][query][source])
            colour = GREY if not into else shade(SHADES)
            (x1, y1), (x2, y2) = at[source], at[query]
            line = f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
            parts.append(f'{line} stroke="{colour}" stroke-width="{width:.1f}"/>')
    for each, (x, y) in enumerate(at):
        fill = PAINT[look["sources"][each].split()[0]]
        ring = f'stroke="{INK}" stroke-width="{4 if each == asked else 1}"'
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="8" fill="{fill}" {ring}/>')
        beyond = (
            middle[0] + (radius + 14) * math.sin(turn[each]),
            middle[1] - (radius + 14) * math.cos(turn[each]) + 4,
        )
        side = math.sin(turn[each])
        anchor = "middle" if abs(side) < 0.3 else "start" if side > 0 else "end"
        words = look["sources"][each] + (" (asks)" if each == asked else "")
        planted = look["planted"][each]
        parts.append(text(*beyond, words, anchor=anchor, fill=PLANTED if planted else "", bold=planted))
    return document(2 * middle[0] + 30, 2 * middle[1], parts, title=_title(look))


def _title(look: Look) -> str:
    planted = " and ".join(name for name, there in zip(look["sources"], look["planted"], strict=True) if there)
    return f"{look['name']}: weights among {len(look['sources'])} things, of which the {planted} is planted"
