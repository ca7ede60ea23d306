"""The columns of one row of a table as bars: name, value, how much it mattered; the strongest on top, as safe HTML.

A bar in the colour of the prediction speaks for it, one in the other colour against it.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from salience.core.place import Heat
from salience.reports.charts.bar import bar
from salience.reports.naming import value_of
from salience.reports.numerals import count, number
from salience.reports.render.level import full_strength, strongest
from salience.reports.visible import shortened, visible

# More bars than these bloat a page; what the others have together is told in a line.
_MOST_BARS = 20
# Characters of a name or a value.
_LONGEST = 60


def render(cell: str, heats: Sequence[Heat], *, full: float | None = None, limit: int | None = None) -> Markup:  # noqa: ARG001
    """One bar per column that was read.

    Args:
        cell: not used: every unit knows its own text.
        full: the size of a score drawn at full strength; by default that of these heats.
        limit: not used: a table of bars is short.
    """
    full = (full_strength(heats) if full is None else full) or 1.0
    ranked = strongest(heats, len(heats))
    rows = Markup("").join(_row(heat, full) for heat in ranked[:_MOST_BARS])
    opening = Markup(
        '<table class="bars row-columns"><colgroup><col class="name"><col class="value"><col><col class="number">'
        '</colgroup><thead class="unseen"><tr><th scope="col">Column</th><th scope="col">Value</th>'
        '<th scope="col">Bar</th><th scope="col">Importance</th></tr></thead><tbody>'
    )
    return opening + rows + Markup("</tbody></table>") + _rest(ranked[_MOST_BARS:])


def _row(heat: Heat, full: float) -> Markup:
    kind = "against" if heat.score < 0 else "for"
    made = Markup(
        '<tr{}><th scope="row"><bdi>{}</bdi></th><td class="value"><bdi>{}</bdi></td><td>{}</td>'
        '<td class="figure {}">{}</td></tr>'
    )
    return made.format(
        Markup(' class="faint"') if heat.faint else "",
        _short(heat.unit.column),
        _short(value_of(heat.unit.text)) if heat.unit.text else Markup('<i class="note">missing</i>'),
        bar(abs(heat.score) / full, kind=f"{kind} faint" if heat.faint else kind),
        kind,
        number(heat.score),
    )


def _rest(others: Sequence[Heat]) -> Markup:
    if not others:
        return Markup("")
    total = number(sum(heat.score for heat in others))
    return Markup('<p class="note rest">{} columns more: {}</p>').format(count(len(others)), total)


def _short(text: str) -> str:
    return shortened(visible(text), _LONGEST)
