"""How training went: the loss and the validation score, epoch by epoch, with the epoch that was kept."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from salience.reports.charts.frame import Frame, around, text, ticks
from salience.reports.content import Epoch, History
from salience.reports.numerals import number


def loss(history: History) -> Markup:
    """The training loss over the epochs."""
    return _chart([(each.epoch, each.train_loss) for each in history.epochs], history, "training loss")


def validation(history: History) -> Markup:
    """The validation score over the epochs; nothing where it was never measured."""
    points = [(each.epoch, each.validation) for each in history.epochs if each.validation is not None]
    return _chart(points, history, f"validation {history.metric}") if points else Markup("")


def _chart(points: Sequence[tuple[int, float]], history: History, name: str) -> Markup:
    epochs = history.epochs
    first, last = min(each.epoch for each in epochs), max(each.epoch for each in epochs)
    frame = Frame((first - 0.2, last + 0.2), around(value for _, value in points), height=210)
    numbers = sorted({round(each) for each in ticks(first, last + 1e-6)} & set(range(first, last + 1)))
    parts = [
        frame.axes("epoch", name, x_ticks=[str(each) for each in numbers]),
        _kept(frame, history.kept),
        Markup('<polyline class="curve shown" points="{}"/>').format(frame.path(points)),
    ]
    parts += [_dot(frame, epoch, value) for epoch, value in points]
    ends = f"from {number(points[0][1])} in epoch {points[0][0]} to {number(points[-1][1])} in epoch {points[-1][0]}"
    return frame.draw(parts, description=f"{name}, {ends}.")


def _kept(frame: Frame, kept: Epoch | None) -> Markup:
    if kept is None:
        return Markup("")
    x = frame.across(kept.epoch)
    line = Markup('<line class="kept" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    late = kept.epoch > (frame.x[0] + frame.x[1]) / 2
    label = text(
        x + (-6 if late else 6), frame.up(frame.y[1]) + 10, "kept", css="label shown", anchor="end" if late else "start"
    )
    return line.format(x, x, frame.up(frame.y[0]), frame.up(frame.y[1])) + label


def _dot(frame: Frame, epoch: int, value: float) -> Markup:
    dot = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2.5"><title>epoch {}: {}</title></circle>')
    return dot.format(frame.across(epoch), frame.up(value), epoch, number(value))
