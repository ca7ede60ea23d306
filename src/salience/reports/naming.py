"""What a unit is called where its place is not drawn: a word by itself, a column with what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from salience.core.place import Column, Heat, Span, Unit

#: The cell of an example in which all columns of a table are drawn.
TABLE = "columns of the table"
_DECIMALS = re.compile(r"-?\d+\.\d+(e[-+]?\d+)?")
# Characters of a number with decimals that are more than a reader takes in.
_LONG = 10


def part_of(heats: Iterable[Heat]) -> str:
    """What one of these units is called in a sentence: a word where all stand in texts, a part otherwise.

    >>> part_of([Heat(Unit("age", "30", Column("age")), 1.0)]), part_of([])
    ('part', 'word')
    """
    return "word" if all(isinstance(heat.unit.place, Span) for heat in heats) else "part"


def name_of(unit: Unit) -> str:
    """A unit in a list of units.

    >>> name_of(Unit("age", "30", Column("age"))), name_of(Unit("age", "", Column("age")))
    ('age = 30', 'age (missing)')
    """
    if not isinstance(unit.place, Column):
        return unit.text
    return f"{unit.column} = {value_of(unit.text)}" if unit.text else f"{unit.column} (missing)"


def value_of(text: str) -> str:
    """A cell as it is; of a long number with decimals the first six digits, which say as much to a reader.

    >>> value_of("102.82514621404"), value_of("102.8"), value_of("since 2.0000000001")
    ('102.825', '102.8', 'since 2.0000000001')
    """
    return f"{float(text):.6g}" if len(text) > _LONG and _DECIMALS.fullmatch(text) else text


def cell_of(heat: Heat) -> str:
    """The cell of an example in which a unit is drawn: its own column, or that of the whole table."""
    return TABLE if isinstance(heat.unit.place, Column) else heat.unit.column
