"""Bars that fill a table cell of any width: the number stands beside them in words."""

from __future__ import annotations

from markupsafe import Markup

from salience.evaluation.score import Score


def bar(share: float, *, kind: str = "shown", reach: tuple[float, float] | None = None) -> Markup:
    """A bar that fills `share` of its cell, with a line from one end of an interval to the other, if there is one."""
    drawn = Markup('<svg class="bar" aria-hidden="true"><rect class="{}" width="{:.1f}%" height="100%" rx="2"/>')
    line = Markup('<line class="between" x1="{:.1f}%" x2="{:.1f}%" y1="50%" y2="50%"/>')
    parts = [drawn.format(kind, _inside(share))]
    if reach is not None:
        parts.append(line.format(*map(_inside, reach)))
    return Markup("").join(parts) + Markup("</svg>")


def interval_bar(score: Score, scale: tuple[float, float], *, kind: str = "shown") -> Markup:
    """A dot for the value and a line for its interval, on a scale shared by all rows of a table."""
    if score.value is None:
        return Markup("")
    parts = [Markup('<line class="rail" x1="0" x2="100%" y1="50%" y2="50%"/>')]
    if score.low is not None and score.high is not None:
        reach = Markup('<line class="reach {}" x1="{:.1f}%" x2="{:.1f}%" y1="50%" y2="50%"/>')
        parts.append(reach.format(kind, _place(score.low, scale), _place(score.high, scale)))
    parts.append(Markup('<circle class="{}" cx="{:.1f}%" cy="50%" r="4.5"/>').format(kind, _place(score.value, scale)))
    return Markup('<svg class="interval" aria-hidden="true">') + Markup("").join(parts) + Markup("</svg>")


def _inside(share: float) -> float:
    return 100 * min(max(share, 0.0), 1.0)


def _place(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    share = (value - low) / (high - low) if high > low else 0.5
    # Five percent on both sides, so that no dot is cut.
    return 5 + 90 * min(max(share, 0.0), 1.0)
