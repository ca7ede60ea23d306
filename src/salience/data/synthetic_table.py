"""Tiny made-up tables of which one column tells the answer, or only two together, and which ones is known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

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
    _check(rows, [column], "planted_table")
    source = random.Random(seed)
    return pandas.DataFrame([_row(source, column) for _ in range(rows)])


def planted_pair(
    *, rows: int = 1000, seed: int = 0, columns: tuple[str, str] = ("dose", "response")
) -> pandas.DataFrame:
    """As `planted_table`, with two planted columns: `high` where both numbers are above 100, or neither, else `low`.

    Neither of the two tells anything by itself.

    Args:
        columns: what the planted columns are called.

    Returns:
        The thirteen columns, `label`, and `evidence` (a list with both `Column`).

    Raises:
        ConfigError: `rows` is not positive, or one of the columns has the name of another one.
    """
    first, second = columns
    _check(rows, columns, "planted_pair")
    made = planted_table(rows=rows, seed=seed, column=first)
    # A source of its own, so that the other columns are those of `planted_table`.
    source = random.Random(f"{seed}, {second}")
    numbers = [source.gauss(100, 3) for _ in range(rows)]
    made.insert(len(DECOYS) // 2, second, numbers)
    together = [(one > 100) == (other > 100) for one, other in zip(made[first], numbers, strict=True)]
    told: dict[str, Any] = {
        "label": ["high" if each else "low" for each in together],
        "evidence": [[Column(first), Column(second)] for _ in range(rows)],
    }
    return made.assign(**told)


def _check(rows: int, planted: Sequence[str], where: str) -> None:
    if rows < 1:
        raise ConfigError(f"expected at least one row, got {rows}")
    taken = [*DECOYS, "label", "evidence"]
    for column in planted:
        if column in taken:
            raise ConfigError(f"there is a column '{column}' already", where=where, fix="choose another name")
        taken.append(column)


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
