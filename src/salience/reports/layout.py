"""How one example is laid out on a page: its text once per method, its strongest units as a list, its classes as bars.

A page has room for about 4.5 MB. Long cells are shown as windows around what mattered; the whole text follows folded
away, as far as the room lasts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from salience.core.place import Heat, Span, Stretch
from salience.reports import charts
from salience.reports.content import Method, ReportContent, ShownExample
from salience.reports.naming import cell_of, name_of
from salience.reports.numerals import between, percent, signed
from salience.reports.render import render
from salience.reports.render.level import full_strength, strongest

#: Characters of a cell that are shown without folding.
SHOWN = 1500
#: Bytes that all examples together may take.
ROOM = 4_500_000

_MOST_UNITS = 6
_MOST_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of one example, drawn."""

    column: str
    picture: Markup
    characters: int


@dataclass(frozen=True, slots=True)
class TopUnit:
    """One of the strongest units, its score as it is written, and a bar beside it; `between` is its interval."""

    text: str
    score: str
    kind: str
    bar: Markup
    between: str = ""
    faint: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One example by one method; `number` is that of the method. `rest` is what all units not listed have together."""

    number: int
    method: Method
    cells: tuple[Cell, ...]
    units: tuple[TopUnit, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class ClassBar:
    """The probability of one class."""

    name: str
    share: str
    bar: Markup
    predicted: bool


@dataclass(frozen=True, slots=True)
class Laid:
    """An example, ready to be put on a page. `whole` has the long cells in full, `left_out` those without room."""

    shown: ShownExample
    plain: tuple[Cell, ...]
    views: tuple[View, ...]
    classes: tuple[ClassBar, ...]
    whole: tuple[Cell, ...] = ()
    left_out: tuple[Cell, ...] = ()


def lay_out(content: ReportContent) -> list[Laid]:
    """All examples of a report, in order; the first long ones have the first right to the room for whole texts."""
    laid = [_example(shown, content.methods) for shown in content.examples]
    room = ROOM - sum(_size(cell) for each in laid for view in each.views for cell in view.cells)
    for place, each in enumerate(laid):
        laid[place] = _with_whole(each, content.methods, room)
        room -= sum(_size(cell) for cell in laid[place].whole)
    return laid


def _example(shown: ShownExample, methods: Sequence[Method]) -> Laid:
    views = [
        _view(number, method, shown, shown.heats[method.name])
        for number, method in enumerate(methods, 1)
        if method.name in shown.heats
    ]
    plain = () if views else tuple(_cell(column, text, [], 0.0) for column, text in shown.cells.items())
    return Laid(shown, plain, tuple(views), _classes(shown))


def _view(number: int, method: Method, shown: ShownExample, heats: Sequence[Heat]) -> View:
    full = full_strength(heats)
    cells = [_cell(column, text, _of(column, heats), full) for column, text in shown.cells.items()]
    ranked = strongest(heats, len(heats))
    top = [heat for heat in ranked[:_MOST_UNITS] if heat.score]
    longest = max([full, *(abs(bound) for heat in top for bound in (heat.low, heat.high) if bound is not None)])
    units = [_unit(heat, longest, method) for heat in top]
    return View(number, method, tuple(cells), tuple(units), _rest(ranked[len(top) :], method))


def _cell(column: str, text: str, heats: Sequence[Heat], full: float) -> Cell:
    return Cell(column, render(text, heats, full=full, limit=SHOWN), len(text))


def _of(column: str, heats: Sequence[Heat]) -> list[Heat]:
    return [heat for heat in heats if cell_of(heat) == column]


def _unbroken(heat: Heat) -> str:
    """The name of a unit; a narrow column must not break a date at its hyphens."""
    name = name_of(heat.unit)
    return re.sub(r"(?<=\d)-(?=\d)", "\N{NON-BREAKING HYPHEN}", name) if isinstance(heat.unit.place, Stretch) else name


def _unit(heat: Heat, full: float, method: Method) -> TopUnit:
    kind = "against" if heat.score < 0 else "for"
    written = signed if method.signed else percent
    return TopUnit(
        _unbroken(heat),
        written(heat.score),
        kind,
        charts.bar(abs(heat.score) / full, kind=f"{kind} faint" if heat.faint else kind, reach=_reach(heat, full)),
        between(heat.low, heat.high, written),
        heat.faint,
    )


def _reach(heat: Heat, full: float) -> tuple[float, float] | None:
    """The interval in the direction of the bar, as shares of the longest one."""
    if heat.low is None or heat.high is None:
        return None
    return (-heat.high / full, -heat.low / full) if heat.score < 0 else (heat.low / full, heat.high / full)


def _rest(others: Sequence[Heat], method: Method) -> str:
    total = math.fsum(heat.score for heat in others)
    return f"{len(others):,} others: {_written(total, method)}" if others else ""


def _written(score: float, method: Method) -> str:
    return signed(score) if method.signed else percent(score)


def _classes(shown: ShownExample) -> tuple[ClassBar, ...]:
    # Of two classes one number tells both.
    if len(shown.probabilities) < 3:
        return ()
    ranked = sorted(shown.probabilities.items(), key=lambda item: -item[1])
    kept = [item for rank, item in enumerate(ranked) if rank < _MOST_CLASSES or item[0] == shown.target]
    return tuple(
        ClassBar(name, percent(share), charts.bar(share, kind="plain"), name == shown.prediction)
        for name, share in kept
    )


def _with_whole(laid: Laid, methods: Sequence[Method], room: int) -> Laid:
    heats = next((laid.shown.heats[each.name] for each in methods if each.name in laid.shown.heats), ())
    full = full_strength(heats)
    # A picture shows the whole cell already.
    drawn = {cell_of(heat) for heat in heats if not isinstance(heat.unit.place, Span)}
    cells_shown = {column: text for column, text in laid.shown.cells.items() if column not in drawn}
    long = {column: text for column, text in cells_shown.items() if len(text) > SHOWN}
    cells = [Cell(column, render(text, _of(column, heats), full=full), len(text)) for column, text in long.items()]
    fitting = []
    for cell in cells:
        if _size(cell) <= room:
            fitting.append(cell)
            room -= _size(cell)
    return replace(laid, whole=tuple(fitting), left_out=tuple(cell for cell in cells if cell not in fitting))


def _size(cell: Cell) -> int:
    return len(cell.picture.encode())
