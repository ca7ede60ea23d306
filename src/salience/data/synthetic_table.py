"""A tiny made-up table of which one column tells the answer, and which one is known."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pandas

from salience.core.errors import ConfigError
from salience.core.place import Column

#: The columns that mean nothing to the answer: numbers of several scales, names, yes or no, dates, gaps.
DECOYS = ("cost", "height", "income", "noise", "count", "town", "colour", "grade", "member", "since", "gaps")


def planted_table(*, rows: int = 1000, seed: int = 0, column: str = "dose") -> pandas.DataFrame:
    """Rows of twelve columns, of which one is the answer: `high` where its number is above 100, else `low`.

    Numbers of the planted column are normal, with mean 100 and standard deviation 3. The others (`DECOYS`) are drawn
    independently of it.

    Args:
        column: what the planted column is called.

    Returns:
        The twelve columns, `label`, and `evidence` (a list with the planted `Column`).

    Raises:
        ConfigError: `rows` is not positive, or `column` is the name of another one.
    """
    if rows < 1:
        raise ConfigError(f"expected at least one row, got {rows}")
    if column in (*DECOYS, "label", "evidence"):
        raise ConfigError(f"there is a column '{column}' already", where="planted_table", fix="choose another name")
    source = random.Random(seed)
    return pandas.DataFrame([_row(source, column) for _ in range(rows)])


def _row(source: random.Random, column: str) -> dict[str, object]:
    number = source.gauss(100, 3)
    return {
        "cost": round(source.lognormvariate(3, 2), 2),
        "height": round(source.gauss(170, 10), 1),
        "income": source.randint(10, 99) * 1000,
        column: number,
        "noise": source.gauss(0, 0.001),
        "count": source.randint(0, 9),
        "town": source.choice(("Ulm", "Bonn", "Trier", "Jena", "Kiel", "Hof")),
        "colour": source.choice(("red", "blue")),
        "grade": source.choice("ABCD"),
        "member": source.choice(("yes", "no")),
        "since": (date(2015, 1, 1) + timedelta(days=source.randrange(3000))).isoformat(),
        "gaps": None if source.random() < 0.3 else round(source.random(), 3),
        "label": "high" if number > 100 else "low",
        "evidence": [Column(column)],
    }
