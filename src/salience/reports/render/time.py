"""Importance over time: the forecast with its past, interval and true values, and under it which stretch mattered.

First where the model looked for some steps of the forecast, of models that look anew for each of them. Then a map whose
rows are variables (one row where a stretch means all of them). Columns are time stamps or runs of them; blue speaks for
the forecast, orange against it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from markupsafe import Markup

from salience.core.errors import DataError
from salience.core.place import Heat, Stretch
from salience.reports.charts.frame import around, text, ticks
from salience.reports.numerals import number
from salience.reports.visible import shortened

WIDTH, _PLOT, _ROW, _HEAD = 640, 190, 15, 20
_LEFT, _RIGHT, _TOP = 92, 10, 24
# About how wide a letter is.
_LETTER = 6
# Fields of one row of the map, and rows: more could not be told apart, and bloat a page.
_MOST_FIELDS, _MOST_ROWS = 72, 12
# Below this share of the strongest field nothing is drawn.
_FAINTEST = 0.04


def render(cell: str, heats: Sequence[Heat], *, full: float | None = None, limit: int | None = None) -> Markup:  # noqa: ARG001
    """The picture of one window.

    Args:
        cell: JSON with `stamps`, `values` (numbers by variable), `ahead`, `forecasts`, `categories` (by
            variable) and `attention` (by the step of the forecast, a share per time stamp); None is missing.
        full: not used: fields hold sums of scores, and are compared within one picture.
        limit: not used: a picture does not grow with its window.

    Raises:
        DataError: the cell holds no such numbers, or a stretch lies outside of it.
    """
    try:
        shown = json.loads(cell)
        stamps = [*shown["stamps"], *shown.get("ahead", ())]
        variables = [*shown["values"], *shown.get("categories", ())]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError("the cell does not hold the numbers of a window", where="a picture of time") from error
    maps = {_across_steps(shown): _by_step(shown, stamps)} if shown.get("attention") else {}
    maps["importance by variable"] = _rows(heats, stamps, variables)
    height, parts, heads = _TOP + _PLOT + 4, [*_plot(shown, len(stamps))], []
    for title, rows in maps.items():
        heads.append(text(_LEFT, height + 13, title, css="tick"))
        parts += _map(rows, stamps, height + _HEAD, shown.get("categories", {}))
        height += _HEAD + _ROW * len(rows)
    height += 26
    # Titles stand above the line of the moment, so that it does not cross them.
    parts += [*_axis(shown, stamps, height), *heads]
    opening = Markup('<svg class="chart time" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return opening.format(WIDTH, height, _described(shown)) + Markup("").join(parts) + Markup("</svg>")


def _across_steps(shown: Mapping[str, Any]) -> str:
    """What the attention for some steps says: how much of it lies elsewhere for the last one than for the first."""
    (first, before), *_, (last, after) = shown["attention"].items()
    moved = sum(abs(a - b) for a, b in zip(before, after, strict=True)) / 2
    return f"attention by step of the forecast: {moved:.0%} lies elsewhere for step {last} than for step {first}"


def _by_step(shown: Mapping[str, Any], stamps: Sequence[str]) -> dict[str, list[float]]:
    """Attention in each field, one row for each of some steps of the forecast."""
    count = min(_MOST_FIELDS, len(stamps))
    rows = {f"step {step}": [0.0] * count for step in shown["attention"]}
    for row, shares in zip(rows.values(), shown["attention"].values(), strict=True):
        for i, share in enumerate(shares):
            row[i * count // len(stamps)] += share
    return rows


def _rows(heats: Sequence[Heat], stamps: Sequence[str], variables: Sequence[str]) -> dict[str, list[float]]:
    """Sums of scores in each field of each row; the rows in which most lies, in the order of the table."""
    index = {stamp: i for i, stamp in enumerate(stamps)}
    count = min(_MOST_FIELDS, len(stamps))
    rows: dict[str, list[float]] = {}
    for heat in heats:
        place = cast(Stretch, heat.unit.place)
        if place.start not in index or place.stop not in index:
            raise DataError(f"the stretch from {place.start} to {place.stop} lies outside the window")
        row = rows.setdefault(place.variable or "all variables", [0.0] * count)
        first, last = index[place.start], index[place.stop]
        for i in range(first, last + 1):
            row[i * count // len(stamps)] += heat.score / (last - first + 1)
    kept = sorted(rows, key=lambda name: -sum(map(abs, rows[name])))[:_MOST_ROWS]
    order = {name: place for place, name in enumerate(variables)}
    return {name: rows[name] for name in sorted(kept, key=lambda name: order.get(name, -1))}


def _plot(shown: Mapping[str, Any], steps: int) -> list[Markup]:
    """The first variable that is forecast (or the first of all): past, truth, forecast and interval."""
    forecasts = shown.get("forecasts", {})
    name = next(iter(forecasts), next(iter(shown["values"])))
    past, found = shown["values"][name], forecasts.get(name, {})
    ahead = {part: found.get(part, []) for part in ("truth", "values", "low", "high")}
    low, high = around([*past, *(value for part in ahead.values() for value in part)])

    def up(value: float) -> float:
        return _TOP + _PLOT * (1 - (value - low) / (high - low))

    def line(values: Sequence[float | None], start: int) -> list[str]:
        return [
            f"{_across(start + i, steps):.1f},{up(value):.1f}" for i, value in enumerate(values) if value is not None
        ]

    begin = len(past)
    parts = [_grid(value, up(value)) for value in ticks(low, high)]
    if ahead["low"]:
        band = [*line(ahead["low"], begin), *reversed(line(ahead["high"], begin))]
        parts.append(Markup('<polygon class="band shown" points="{}"/>').format(" ".join(band)))
    for values, start, kind in (
        (past, 0, "curve"),
        (ahead["truth"], begin, "curve reference"),
        (ahead["values"], begin, "curve shown"),
    ):
        parts.append(Markup('<polyline class="{}" points="{}"/>').format(kind, " ".join(line(values, start))))
    legend = f"{shortened(name, 30)}: past, forecast (blue), truth (dashed)" if found else shortened(name, 30)
    levels = found.get("levels", [])
    if levels:
        legend += f", {levels[0]:g} to {levels[-1]:g} quantile (band)"
    return [*parts, text(_LEFT, 13, legend, css="name")]


def _map(
    rows: Mapping[str, Sequence[float]], stamps: Sequence[str], top: int, named: Mapping[str, Sequence[str | None]]
) -> list[Markup]:
    # A field of two time stamps is as strong as one of a single one if both stamps are.
    shades = {name: _of_each_stamp(row, len(stamps)) for name, row in rows.items()}
    strongest = max((abs(shade) for row in shades.values() for shade in row), default=0.0)
    field = Markup(
        '<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}" fill-opacity="{:.2f}"><title>{}</title></rect>'
    )
    parts = []
    for place, (name, row) in enumerate(rows.items()):
        y = top + _ROW * place
        parts.append(text(_LEFT - 6, y + 11, shortened(name, 13), css="tick", anchor="end"))
        rail = Markup('<rect class="zone" x="{}" y="{}" width="{}" height="{}"/>')
        parts.append(rail.format(_LEFT, y, WIDTH - _LEFT - _RIGHT, _ROW - 2))
        width = (WIDTH - _LEFT - _RIGHT) / len(row)
        for i, score in enumerate(row):
            shade = shades[name][i]
            if strongest and abs(shade) >= _FAINTEST * strongest:
                kind = "against" if score < 0 else "for"
                told = f"{name}{_is(named.get(name, ()), i, len(row), len(stamps))}, {_between(i, len(row), stamps)}"
                told += f": {number(score)}"
                parts.append(field.format(kind, _LEFT + i * width, y, width, _ROW - 2, abs(shade) / strongest, told))
    return parts


def _of_each_stamp(row: Sequence[float], steps: int) -> list[float]:
    """The mean over the time stamps of each field, which need not be equally many."""
    return [score / len(_inside(i, len(row), steps)) for i, score in enumerate(row)]


def _axis(shown: Mapping[str, Any], stamps: Sequence[str], height: int) -> list[Markup]:
    """The first and the last time stamp, and a line at the moment of the forecast, with its stamp if there is room."""
    parts = [
        text(_LEFT, height - 8, stamps[0], css="tick"),
        text(WIDTH - _RIGHT, height - 8, stamps[-1], css="tick", anchor="end"),
    ]
    moment = len(shown["stamps"])
    if moment < len(stamps):
        x = _across(moment - 0.5, len(stamps))
        line = Markup('<line class="kept" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>')
        parts.append(line.format(x, x, _TOP, height - 24))
        reach = len(stamps[moment - 1]) / 2 + len(stamps[-1]) + 2
        if x + _LETTER * reach < WIDTH - _RIGHT:
            parts.append(text(x, height - 8, stamps[moment - 1], css="tick", anchor="middle"))
    return parts


def _grid(value: float, y: float) -> Markup:
    line = Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, WIDTH - _RIGHT, y, y)
    return line + text(_LEFT - 6, y + 4, f"{value:g}".replace("-", "\N{MINUS SIGN}"), css="tick", anchor="end")


def _across(step: float, steps: int) -> float:
    return _LEFT + (step + 0.5) / steps * (WIDTH - _LEFT - _RIGHT)


def _inside(i: int, count: int, steps: int) -> list[int]:
    """The time stamps of a field."""
    return [step for step in range(steps) if step * count // steps == i]


def _is(categories: Sequence[str | None], i: int, count: int, steps: int) -> str:
    """The category that holds all over a field, if one does."""
    held = {categories[step] for step in _inside(i, count, steps) if step < len(categories)}
    return f" is {next(iter(held)) or 'missing'}" if len(held) == 1 else ""


def _between(i: int, count: int, stamps: Sequence[str]) -> str:
    inside = _inside(i, count, len(stamps))
    first, last = stamps[inside[0]], stamps[inside[-1]]
    return first if first == last else f"{first} to {last}"


def _described(shown: Mapping[str, Any]) -> str:
    """The picture for those who cannot see it."""
    of = f"of {shown['series']} " if shown.get("series") else ""
    return f"Importance over the time stamps {of}from {shown['stamps'][0]} to {shown['stamps'][-1]}"
