"""What a unit is called where its place is not drawn: a word by itself, a column with what it holds."""

from __future__ import annotations

from salience.core.place import Column, Heat, Unit

#: The cell of an example in which all columns of a table are drawn.
TABLE = "columns of the table"


def name_of(unit: Unit) -> str:
    """A unit in a list of units.

    >>> name_of(Unit("age", "30", Column("age"))), name_of(Unit("age", "", Column("age")))
    ('age = 30', 'age (missing)')
    """
    if not isinstance(unit.place, Column):
        return unit.text
    return f"{unit.column} = {unit.text}" if unit.text else f"{unit.column} (missing)"


def cell_of(heat: Heat) -> str:
    """The cell of an example in which a unit is drawn: its own column, or that of the whole table."""
    return TABLE if isinstance(heat.unit.place, Column) else heat.unit.column
