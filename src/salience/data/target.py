"""What is asked of a model, from the values of the target; and those values as the task wants them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.data.fault import where
from salience.data.kind import Kind, numbers_of
from salience.data.number import Notation, notation_of

TASKS = ("Classification", "MultiLabel", "Ranking", "Regression")
#: Those whose targets are numbers.
NUMBERS = ("Ranking", "Regression")
# Whole numbers with at most this many different values are taken for classes.
_FEW = 20


class Listed(NamedTuple):
    """A number, and the list among whose numbers it counts."""

    value: float
    list: str


def lists_of(targets: Sequence[Any] | None) -> list[str] | None:
    """The list of each target, or None where they belong to none."""
    if targets is None or not len(targets) or not isinstance(targets[0], Listed):
        return None
    return [each.list for each in targets]


def is_known(cells: pd.Series) -> pd.Series:
    """True where a target is given: neither missing nor blank. An empty list is a target: no label at all."""
    given = [cell is not None and (not isinstance(cell, str) or bool(cell.strip())) for cell in cells]
    return pd.Series(given, index=cells.index, dtype=bool)


def task_for(known: pd.Series, kind: Kind) -> tuple[str, str]:
    """The name of the task that the values of a target ask for, and the reason."""
    if kind.name == "labels":
        return "MultiLabel", kind.reason
    texts = [str(cell).strip() for cell in known]
    numbers = numbers_of(texts, notation_of(texts))
    if np.isnan(numbers).mean() > 0.05:
        return "Classification", f"the target has {len(set(texts)):,} different values that are not numbers"
    distinct = np.unique(numbers[~np.isnan(numbers)])
    if (distinct == distinct.round()).all() and len(distinct) <= min(_FEW, len(known) / 2):
        return "Classification", f"the target has {len(distinct)} different whole numbers"
    return "Regression", f"the target has {len(distinct):,} different numbers"


def known_task(name: str) -> str:
    """The task of that name, whatever its capitals.

    Raises:
        ConfigError: there is none.
    """
    folded = {each.lower(): each for each in TASKS}
    if name.lower() == "forecast":
        raise ConfigError(
            "a forecast needs time stamps, and these data are read as rows of a table",
            where="task",
            fix="name their column with --time, or read the data as a Series",
        )
    if name.replace("_", "").lower() not in folded:
        raise ConfigError(f"there is no task '{name}' for a table", fix=did_you_mean(name, TASKS))
    return folded[name.replace("_", "").lower()]


def separator_of(known: pd.Series, kind: Kind) -> str | None:
    """What separates the labels of one cell: as it was recognised, or whatever occurs; None if cells are lists."""
    if kind.name == "labels":
        return kind.separator
    return "|" if any("|" in str(cell) for cell in known) else ";"


def check_readable(known: pd.Series, kind: Kind, place: str, fix: str) -> None:
    """There must be targets.

    Raises:
        DataError: no row has one, or they are nothing that a table can show.
    """
    if known.empty:
        raise DataError("no row has a target", where=place, fix=fix)
    if kind.name == "nested":
        raise DataError(f"the target cannot be read: {kind.reason}", where=place, fix=fix)


def check_learnable(known: pd.Series, kind: Kind, task: str, place: str, fix: str) -> None:
    """There must be something to learn.

    Raises:
        DataError: the target is always the same, or a label of its own in every row.
    """
    if kind.name == "constant":
        raise DataError(f"the target is {kind.reason}", where=place, fix=fix)
    if task == "Classification" and len(set(map(str, known))) == len(known):
        raise DataError(f"each of the {len(known):,} rows has a label of its own", where=place, fix=fix)


def parsed(cells: pd.Series, task: str, separator: str | None, source: str) -> list[Any]:
    """Each cell as the task wants it.

    Raises:
        DataError: a cell cannot be understood; the first is located and the others are counted.
    """
    notation = notation_of(cell for cell in cells if isinstance(cell, str))
    parse: Callable[[Any], Any] = {
        "Classification": _label,
        "MultiLabel": lambda cell: _labels(cell, separator),
        **dict.fromkeys(NUMBERS, lambda cell: _number(cell, notation)),
    }[task]
    values = [parse(cell) for cell in cells]
    bad = [place for place, value in enumerate(values) if value is None]
    if not bad:
        return values
    more = f", and in {len(bad) - 1:,} more rows nothing better" if len(bad) > 1 else ""
    expected = {"Classification": "one label", "MultiLabel": "labels"}.get(task, "a finite number")
    raise DataError(
        f"expected {expected} as target, got {_shown(cells.iloc[bad[0]])}{more}",
        where=where(source, row=cells.index[bad[0]], column=str(cells.name)),
        fix=_remedy(cells.iloc[bad[0]], task),
    )


def listed(values: Sequence[float], lists: pd.Series, source: str) -> list[Listed]:
    """Each number with the list that it belongs to.

    Raises:
        DataError: a row names no list.
    """
    names = [_label(cell) for cell in lists]
    if None in names:
        row = names.index(None)
        raise DataError(
            f"the row belongs to no list, got {_shown(lists.iloc[row])}",
            where=where(source, row=lists.index[row], column=str(lists.name)),
            fix="fill the cell or leave the row out",
        )
    return [Listed(value, name) for value, name in zip(values, names, strict=True) if name is not None]


def _label(cell: object) -> str | None:
    if isinstance(cell, str):
        return cell.strip() or None
    # 1.0 is what a table makes of the label 1 as soon as a cell of the column is empty.
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell)
    return None if cell is None or isinstance(cell, list | tuple | dict) else str(cell)


def _labels(cell: object, separator: str | None) -> tuple[str, ...] | None:
    parts = cell.split(separator) if isinstance(cell, str) else cell
    if not isinstance(parts, list | tuple | set | frozenset):
        return None
    labels = [_label(part) for part in parts]
    return tuple(dict.fromkeys(label for label in labels if label is not None))


def _number(cell: object, notation: Notation) -> float | None:
    if isinstance(cell, str):
        return notation.read(cell)
    try:
        value = float(cell) if isinstance(cell, int | float) else math.nan
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _shown(cell: object) -> str:
    text = "nothing" if cell is None else repr(cell)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _remedy(cell: object, task: str) -> str:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return "leave out rows without a target: labelled(frame, inference)"
    if task in NUMBERS and isinstance(cell, str) and notation_of([cell]).read(cell) is not None:
        return "write all numbers in one way"
    return "correct the cell, leave the row out, or choose another task="
