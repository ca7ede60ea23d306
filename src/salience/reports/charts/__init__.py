"""Charts as inline SVG: sized for a phone, labelled directly, coloured by the page they stand in."""

from salience.reports.charts.bar import bar, interval_bar
from salience.reports.charts.curves import Line, curves
from salience.reports.charts.history import loss, validation
from salience.reports.charts.reliability import reliability
from salience.reports.charts.skill import skill_scale

__all__ = ["Line", "bar", "curves", "interval_bar", "loss", "reliability", "skill_scale", "validation"]
