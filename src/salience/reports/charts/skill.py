"""The skill of an importance on its scale: worse than random, up to the best that any post-hoc method reached."""

from __future__ import annotations

from markupsafe import Markup

from salience.evaluation.score import Score
from salience.reports.numerals import measured

_HEIGHT = 92
_RAIL = 40


def skill_scale(skill: Score, *, weak_from: float, pass_from: float) -> Markup:
    """One line from below 0 (a random order) to above 1 (the best post-hoc method), with the value and its interval."""
    if skill.value is None:
        return Markup("")
    bounds = [bound for bound in (skill.value, skill.low, skill.high) if bound is not None]
    scale = (min(-0.3, *bounds) - 0.05, max(1.15, *bounds) + 0.05)
    zones = [
        ("misleading", scale[0], 0.0),
        ("fail", 0.0, weak_from),
        ("weak", weak_from, pass_from),
        ("pass", pass_from, scale[1]),
    ]
    parts = [_zone(name, start, stop, scale) for name, start, stop in zones]
    parts += [_mark(0.0, "random", scale), _mark(1.0, "best", scale)]
    parts.append(_value(skill, scale))
    opening = Markup('<svg class="skill" width="100%" height="{}" role="img" aria-label="{}">')
    description = f"Skill {measured(skill)}, where 0 is a random order and 1 the best post-hoc method."
    return opening.format(_HEIGHT, description) + Markup("").join(parts) + Markup("</svg>")


def _zone(name: str, start: float, stop: float, scale: tuple[float, float]) -> Markup:
    left, right = _place(start, scale), _place(stop, scale)
    rail = Markup('<rect class="zone {}" x="{:.2f}%" y="{}" width="{:.2f}%" height="8"/>')
    label = Markup('<text class="zone" x="{:.2f}%" y="{}" text-anchor="middle">{}</text>')
    return rail.format(name, left, _RAIL, right - left) + label.format((left + right) / 2, _RAIL + 26, name)


def _mark(value: float, name: str, scale: tuple[float, float]) -> Markup:
    x = _place(value, scale)
    line = Markup('<line class="mark" x1="{0:.2f}%" x2="{0:.2f}%" y1="{1}" y2="{2}"/>').format(x, _RAIL - 4, _RAIL + 34)
    return line + Markup('<text class="tick" x="{:.2f}%" y="{}" text-anchor="middle">{} {:g}</text>').format(
        x, _HEIGHT - 4, name, value
    )


def _value(skill: Score, scale: tuple[float, float]) -> Markup:
    if skill.value is None:
        return Markup("")
    x, y = _place(skill.value, scale), _RAIL + 4
    # Near an end the number would stick out of the page.
    anchor = "start" if x < 25 else "end" if x > 75 else "middle"
    parts = [
        Markup('<text class="value" x="{:.2f}%" y="{}" text-anchor="{}">{}</text>').format(
            x, _RAIL - 18, anchor, measured(skill)
        )
    ]
    if skill.low is not None and skill.high is not None:
        reach = Markup('<line class="reach shown" x1="{:.2f}%" x2="{:.2f}%" y1="{}" y2="{}"/>')
        parts.append(reach.format(_place(skill.low, scale), _place(skill.high, scale), y, y))
    parts.append(Markup('<circle class="shown" cx="{:.2f}%" cy="{}" r="6"/>').format(x, y))
    return Markup("").join(parts)


def _place(value: float, scale: tuple[float, float]) -> float:
    return 100 * (value - scale[0]) / (scale[1] - scale[0])
