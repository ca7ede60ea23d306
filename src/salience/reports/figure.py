"""Pictures for papers and slides, as PNG files drawn by matplotlib without touching its global state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from salience.core.errors import NotAvailable
from salience.core.place import Column, Heat, Span
from salience.reports.content import Calibration, Confusion, CurvePoint, History, Method, Proof, ShownExample
from salience.reports.lettering import Lettering
from salience.reports.naming import name_of
from salience.reports.numerals import count, measured, percent, signed
from salience.reports.render.level import strongest
from salience.reports.wording import proof_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

_INK, _SOFT, _LINE = "#1c1d20", "#5d616a", "#e3e3de"
_ACCENT, _COUNTER = "#1f57c3", "#a4470a"
_MOST_UNITS = 20
# Numbers inside the fields of a larger matrix could not be read.
_LARGEST_WRITTEN = 12


def importance(shown: ShownExample, method: Method, proof: Proof | None, path: str | Path) -> Path:
    """The strongest units of one example as bars, strongest on top, with the proof of the method in the caption.

    Raises:
        NotAvailable: the importance of this example was not measured by this method, or is zero everywhere.
    """
    heats = [heat for heat in strongest(shown.heats_by(method), _MOST_UNITS) if heat.score]
    if not heats:
        raise NotAvailable(f"no unit has any importance by '{method.name}'", where=f"row {shown.row_id}")
    figure = _figure(6.4, 1.3 + 0.27 * len(heats))
    axes, letters = figure.add_subplot(), Lettering()
    _bars(axes, heats, signed if method.signed else percent)
    order = {heat.unit: place for place, heat in enumerate(shown.heats_by(method), 1)}
    places = [_place(heat, order[heat.unit]) for heat in heats]
    _names(axes.yaxis, [letters.label(name_of(heat.unit), instead=at) for heat, at in zip(heats, places, strict=True)])
    answer = "" if shown.probability is None else f" {percent(shown.probability)}"
    title, font = letters.label(f"{shown.prediction}{answer}", instead="this prediction", most=60)
    axes.set_title(title, loc="left", fontproperties=font, fontsize=11, color=_INK, parse_math=False)
    caption = f"Importance by {method.name}, row {shown.row_id}. {proof_of(method.name, proof)}"
    return _save(figure, path, f"{caption} {letters.note}")


def _place(heat: Heat, order: int) -> str:
    """What stands for a unit whose letters cannot be drawn: a place without a name, else its number in the row."""
    place = heat.unit.place
    if isinstance(place, Span):
        return f"characters {place.start}-{place.stop}"
    return f"column {order}" if isinstance(place, Column) else f"part {order}"


def history(told: History, path: str | Path) -> Path:
    """The training loss and the validation score over the epochs, with the epoch that was kept."""
    figure = _figure(8.4, 3.2)
    scored = [each for each in told.epochs if each.validation is not None]
    losses = [(each.epoch, each.train_loss) for each in told.epochs]
    scores = [(each.epoch, each.validation) for each in scored]
    left, right = figure.subplots(1, 2)
    for axes, points, name in ((left, losses, "training loss"), (right, scores, f"validation {told.metric}")):
        axes.plot([x for x, _ in points], [y for _, y in points], color=_ACCENT, marker="o", markersize=3)
        if told.kept:
            axes.axvline(told.kept.epoch, color=_ACCENT, linewidth=0.8, linestyle=":")
        axes.xaxis.get_major_locator().set_params(integer=True)
        _dress(axes, "epoch", name)
    return _save(figure, path, f"Kept: epoch {told.kept.epoch}." if told.kept else "")


def curves(proof: Proof, path: str | Path) -> Path:
    """Deletion and insertion by the judged method, the best post-hoc one and the random order."""
    figure = _figure(8.4, 3.6)
    # The judged method may be the best one itself, and then keeps its colour.
    kinds = {proof.reference: (_SOFT, "--"), proof.best: (_INK, "-"), proof.shown: (_ACCENT, "-")}
    drawn = [(each, *kinds[each.name]) for each in proof.methods if each.name in kinds]
    left, right = figure.subplots(1, 2, sharey=True)
    for method, colour, dashes in drawn:
        _curve(left, method.name, method.deletion, colour, dashes)
        _curve(right, method.name, method.insertion, colour, dashes)
    _dress(left, "share of units removed", proof.scale)
    _dress(right, "share of units put back", "")
    right.legend(frameon=False, fontsize=8)
    judged = proof.of(proof.shown)
    skill = f"Skill of {proof.shown}: {measured(judged.skill)}. " if judged and judged.skill else ""
    return _save(figure, path, f"{skill}{count(proof.count)} inputs, 95% intervals.")


def reliability(calibration: Calibration, path: str | Path) -> Path:
    """Stated probability against the share that was right."""
    figure = _figure(4.4, 4.4)
    axes = figure.add_subplot()
    filled = [each for each in calibration.bins if each.count]
    most = max((each.count for each in filled), default=1)
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=":")
    axes.scatter(
        [each.confidence for each in filled],
        [each.accuracy for each in filled],
        s=[20 + 140 * each.count / most for each in filled],
        color=_ACCENT,
        clip_on=False,
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    _dress(axes, "stated probability", "share that was right")
    return _save(figure, path, f"Expected calibration error {measured(calibration.error)}.")


def confusion(table: Confusion, path: str | Path) -> Path:
    """How often each class was predicted as each class, shaded by the share of the true class."""
    size = len(table.labels)
    figure = _figure(2.4 + 0.62 * min(size, 20), 2.0 + 0.5 * min(size, 20))
    axes, letters = figure.add_subplot(), Lettering()
    shares = [[count / max(sum(counts), 1) for count in counts] for counts in table.counts]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    names = [letters.label(name, instead=f"class {place}", most=20) for place, name in enumerate(table.labels, 1)]
    _names(axes.yaxis, names)
    _names(axes.xaxis, names)
    if size <= _LARGEST_WRITTEN:
        for row, counts in enumerate(table.counts):
            for column, each in enumerate(counts):
                colour = "white" if shares[row][column] > 0.55 else _INK
                axes.text(column, row, count(each), ha="center", va="center", fontsize=9, color=colour)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("truth", color=_SOFT, fontsize=9)
    axes.set_title("prediction", color=_SOFT, fontsize=9)
    return _save(figure, path, letters.note)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def _bars(axes: Axes, heats: Sequence[Heat], written: Callable[[float], str]) -> None:
    scores = [heat.score for heat in heats]
    colours = [(_COUNTER if heat.score < 0 else _ACCENT, 0.3 if heat.faint else 1.0) for heat in heats]
    drawn = axes.barh(range(len(scores)), scores, height=0.62, color=colours)
    axes.bar_label(drawn, labels=[written(score) for score in scores], padding=4, fontsize=8, color=_SOFT)
    for place, heat in enumerate(heats):
        if heat.low is not None and heat.high is not None:
            axes.plot([heat.low, heat.high], [place, place], color=_INK, linewidth=0.9, alpha=0.6)
    axes.axvline(0, color=_SOFT, linewidth=0.8)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.set_xticks([])
    axes.spines[:].set_visible(False)


def _curve(axes: Axes, name: str, points: Sequence[CurvePoint], colour: str, dashes: str) -> None:
    ordered = sorted(points, key=lambda each: each.fraction)
    axes.plot([each.fraction for each in ordered], [each.value for each in ordered], dashes, color=colour, label=name)
    bounded = [
        (each.fraction, each.low, each.high) for each in ordered if each.low is not None and each.high is not None
    ]
    if bounded:
        places, lows, highs = zip(*bounded, strict=True)
        axes.fill_between(places, lows, highs, color=colour, alpha=0.12, linewidth=0)


def _dress(axes: Axes, across: str, upwards: str) -> None:
    axes.set_xlabel(across, color=_SOFT, fontsize=9)
    axes.set_ylabel(upwards, color=_SOFT, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_LINE)
    axes.tick_params(colors=_SOFT, labelsize=8, length=0)
    axes.grid(color=_LINE, linewidth=0.6)
    axes.set_axisbelow(True)


def _names(axis: Axis, names: Sequence[tuple[str, FontProperties]]) -> None:
    axis.set_ticks(range(len(names)), labels=[text for text, _ in names], color=_INK, parse_math=False)
    for label, (_, font) in zip(axis.get_ticklabels(), names, strict=True):
        label.set_fontproperties(font)
        label.set_fontsize(9)
    axis.set_tick_params(length=0)


def _save(figure: Figure, path: str | Path, caption: str) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if caption.strip():
        figure.supxlabel(caption.strip(), x=0.01, ha="left", fontsize=7.5, color=_SOFT, wrap=True, parse_math=False)
    figure.savefig(path, dpi=160, format="png", metadata={"Software": None})
    return path
