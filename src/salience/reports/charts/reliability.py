"""Stated confidence against the share that was right: how far the probabilities can be taken at their word."""

from __future__ import annotations

import math

from markupsafe import Markup

from salience.reports.charts.frame import Frame, text
from salience.reports.content import Calibration, CalibrationBin
from salience.reports.numerals import count, percent


def reliability(calibration: Calibration) -> Markup:
    """A point for each bin, as large as the bin is full, and its distance to the diagonal of perfect honesty."""
    filled = [each for each in calibration.bins if each.count]
    frame = Frame((0, 1), (0, 1), height=300)
    parts = [
        frame.axes("stated probability", "share that was right", x_ticks=["0", "0.25", "0.5", "0.75", "1"]),
        Markup('<polyline class="diagonal" points="{}"/>').format(frame.path([(0, 0), (1, 1)])),
        text(frame.across(0.04), frame.up(0.93), "too modest", css="zone"),
        text(frame.across(0.97), frame.up(0.05), "too sure", css="zone", anchor="end"),
    ]
    most = max((each.count for each in filled), default=1)
    parts += [_stem(frame, each) for each in filled]
    parts += [_point(frame, each, most) for each in filled]
    said = "; ".join(f"{percent(each.confidence)} stated, {percent(each.accuracy)} right" for each in filled)
    return frame.draw(
        parts, description=f"Stated probability against share that was right: {said or 'no predictions'}."
    )


def _stem(frame: Frame, each: CalibrationBin) -> Markup:
    ends = [(each.confidence, each.confidence), (each.confidence, each.accuracy)]
    return Markup('<polyline class="stem" points="{}"/>').format(frame.path(ends))


def _point(frame: Frame, each: CalibrationBin, most: int) -> Markup:
    radius = 3 + 6 * math.sqrt(each.count / most)
    title = f"{percent(each.confidence)} stated, {percent(each.accuracy)} right, {count(each.count)} predictions"
    point = Markup('<circle class="point" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>')
    return point.format(frame.across(each.confidence), frame.up(each.accuracy), radius, title)
