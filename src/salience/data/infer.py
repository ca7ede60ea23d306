"""From a table and the name of its target to the part that each column plays, and what is asked of a model."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from salience.core.errors import ConfigError, DataError
from salience.data.fault import where
from salience.data.kind import Kind, kind_of, numbers_of
from salience.data.number import is_mark, notation_of
from salience.data.table import check_form, column, source_of
from salience.data.target import (
    check_learnable,
    check_readable,
    is_known,
    known_task,
    listed,
    parsed,
    separator_of,
    task_for,
)

_USUAL_TARGETS = ("label", "labels", "target", "class", "y", "sentiment", "category", "score", "rating")
# Columns that say on which side a row stands.
SIDE_NAMES = ("split", "fold")
# Kinds that are no text even where a person insists.
_NO_TEXT = ("numeric", "nested")
# Kinds that a table reads.
_TABULAR = ("numeric", "categorical", "boolean", "date")
_USELESS = {
    "id": "ids are not read",
    "constant": "there is nothing to learn from it",
    "empty": "there is nothing to learn from it",
    "labels": "lists of labels are not read",
    "nested": "values with parts are not read",
}


@dataclass(frozen=True)
class Column:
    """The part one column plays."""

    name: str
    kind: Kind
    role: str
    """`"input"`, `"target"` or `"left out"`."""
    reason: str
    """Why, in a few words."""


@dataclass(frozen=True)
class Inference:
    """What was understood of a table."""

    columns: tuple[Column, ...]
    target: str
    inputs: tuple[str, ...]
    """The columns that are read."""
    task: str
    """The name of a task: Classification, MultiLabel, Ranking or Regression."""
    reason: str
    """Why this task."""
    separator: str | None
    """What separates several labels in one cell of the target; None where that has no meaning."""
    num_rows: int
    num_missing: int
    """How many of the rows have no target; `labelled` leaves them out."""
    notes: tuple[str, ...] = ()
    """What the reader of the file had to say."""
    tabular: tuple[str, ...] = ()
    """The inputs that are read together, as a table."""
    lists: str | None = None
    """The column that names the list of each row, if the task is Ranking."""

    def __getitem__(self, name: str) -> Column:
        """What was understood of one column."""
        return {each.name: each for each in self.columns}[name]

    def statement(self) -> str:
        """All of it for people, as an aligned table."""
        head = ("column", "kind", "role", "why")
        lines = _aligned([head, *((each.name, each.kind.name, each.role, each.reason) for each in self.columns)])
        lines += ["", f"task: {self.task}, because {self.reason}"]
        without = f", leaving out {self.num_missing:,} without a target" if self.num_missing else ""
        lines.append(f"rows: {self.num_rows - self.num_missing:,}{without}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def infer(
    frame: pd.DataFrame,
    *,
    target: str | None,
    inputs: Sequence[str] | Mapping[str, str] | None = None,
    task: str | None = None,
    lists: str | None = None,
    aside: Collection[str] = (),
) -> Inference:
    """Understand a frame from `salience.data.table.read`.

    Args:
        target: the column to predict.
        inputs: the columns to predict it from, by default all but ids and such; or a mapping that says of each how it
            is read: Text, or Table for what is no text.
        task: Classification, MultiLabel, Ranking or Regression; by default what the values of the target ask for. A
            chosen task is taken as it is, so that a few new rows can be judged: only otherwise must there be something
            to learn.
        lists: the column that names the list of each row; for Ranking.
        aside: columns that divide the rows, and are read only where they are named.

    Raises:
        ConfigError: no target was named, it is also an input, there is no such task, or Ranking has no lists.
        DataError: a column does not exist or cannot play its part, or the frame did not come from `read`.

    >>> from salience.data.table import read
    >>> rows = [{"text": f"film number {n} was fine", "label": n % 2} for n in range(4)]
    >>> inference = infer(read(rows), target="label")
    >>> inference.inputs, inference.tabular, inference.task
    (('text',), (), 'Classification')
    """
    check_form(frame)
    kinds = {str(name): kind_of(frame[name]) for name in frame.columns}
    if target is None:
        raise ConfigError("no target was named", where=source_of(frame), fix=_candidates(kinds))
    cells = column(frame, target)
    known = cells[is_known(cells)]
    place = where(source_of(frame), column=target)
    others = _candidates({name: kind for name, kind in kinds.items() if name != target})
    check_readable(known, kinds[target], place, others)
    if task is None:
        found, reason = task_for(known, kinds[target])
        check_learnable(known, kinds[target], found, place, others)
    else:
        found, reason = known_task(task), "it was chosen"
    if lists is not None:
        column(frame, lists)
        aside = [*aside, lists]
    elif found == "Ranking":
        raise ConfigError("no column says which rows form a list", where="task", fix="write Ranking: {list: query}")
    chosen = _inputs(frame, kinds, target, inputs, aside)
    for name, reader in chosen.items():
        if reader == "Text":
            _check_texts(frame[name], source_of(frame))
        elif kinds[name].name == "numeric" and not isinstance(inputs, Mapping):
            _check_numbers(frame[name], source_of(frame))
    return Inference(
        columns=tuple(
            _part(name, kind, target, chosen, named=inputs is not None, aside=aside) for name, kind in kinds.items()
        ),
        target=target,
        inputs=tuple(chosen),
        task=found,
        reason=reason,
        separator=separator_of(known, kinds[target]) if found == "MultiLabel" else None,
        num_rows=len(frame),
        num_missing=len(frame) - len(known),
        notes=tuple(frame.attrs.get("notes", ())),
        tabular=tuple(name for name, reader in chosen.items() if reader == "Table"),
        lists=lists,
    )


def labelled(frame: pd.DataFrame, inference: Inference) -> pd.DataFrame:
    """The rows that have a target."""
    return frame[is_known(column(frame, inference.target))]


def parse_targets(frame: pd.DataFrame, inference: Inference) -> list[Any]:
    """The target of each row as the task wants it: a text, a float, a tuple of texts, or a number with its list.

    Raises:
        DataError: a target is missing, or not what the task wants; the first is located, the others are counted.
    """
    found = parsed(column(frame, inference.target), inference.task, inference.separator, source_of(frame))
    return found if inference.lists is None else listed(found, column(frame, inference.lists), source_of(frame))


def _inputs(
    frame: pd.DataFrame,
    kinds: Mapping[str, Kind],
    target: str,
    named: Sequence[str] | Mapping[str, str] | None,
    aside: Collection[str],
) -> dict[str, str]:
    """The columns to read, each with what reads it."""
    if named is None:
        left = {name: kind.name for name, kind in kinds.items() if name != target and name not in aside}
        found = {name: "Text" if kind == "text" else "Table" for name, kind in left.items() if _is_read(name, kind)}
        if not found:
            listing = ", ".join(f"'{name}' is {kind.name}" for name, kind in kinds.items() if name != target)
            raise DataError(
                f"there is no column to predict from ({listing or 'the target is the only column'})",
                where=source_of(frame),
                fix="name the columns to read with inputs=",
            )
        return found
    if not named:
        raise ConfigError("the list of inputs is empty", fix="name at least one column, or leave inputs out")
    readers = dict(named) if isinstance(named, Mapping) else _readers(frame, named)
    for name, reader in readers.items():
        column(frame, name)
        _check_input(name, kinds[name], reader, target, source_of(frame))
    return readers


def _is_read(name: str, kind: str) -> bool:
    return kind == "text" or (kind in _TABULAR and name.lower() not in SIDE_NAMES)


def _readers(frame: pd.DataFrame, named: Sequence[str]) -> dict[str, str]:
    """How named columns are read: numbers, yes or no and dates as a table, and categories with them; else as texts."""
    kinds = {name: kind_of(column(frame, name)).name for name in named}
    is_table = any(kind in ("numeric", "boolean", "date") for kind in kinds.values())
    tabular = _TABULAR if is_table else ()
    return {name: "Table" if kind in tabular else "Text" for name, kind in kinds.items()}


def _check_input(name: str, kind: Kind, reader: str, target: str, source: str) -> None:
    place = where(source, column=name)
    if name == target:
        raise ConfigError("the target cannot be an input as well", where=place, fix="take it out of inputs")
    if reader == "Text" and kind.name in _NO_TEXT:
        raise DataError(
            f"the column is {kind.name} ({kind.reason}), and only text can be read", where=place, fix="leave it out"
        )


def _check_texts(cells: pd.Series, source: str) -> None:
    for row, cell in cells.items():
        if not isinstance(cell, str | None):
            raise DataError(
                f"expected a text, got {cell!r}",
                where=where(source, row=row, column=str(cells.name)),
                fix="write it as a text, or leave the column out of inputs",
            )


def _check_numbers(cells: pd.Series, source: str) -> None:
    given = cells[[known and not is_mark(str(cell)) for known, cell in zip(is_known(cells), cells, strict=True)]]
    texts = [str(cell) for cell in given]
    odd = given[np.isnan(numbers_of(texts, notation_of(texts)))]
    if len(odd):
        more = f", and in {len(odd) - 1:,} more rows as well" if len(odd) > 1 else ""
        raise DataError(
            f"expected a finite number, got {odd.iloc[0]!r:.40}{more}",
            where=where(source, row=odd.index[0], column=str(cells.name)),
            fix="write it as the other cells are written, or leave the cell empty",
        )


def _part(
    name: str, kind: Kind, target: str, inputs: Collection[str], *, named: bool, aside: Collection[str]
) -> Column:
    if name == target:
        return Column(name, kind, "target", kind.reason)
    if name in inputs:
        return Column(name, kind, "input", kind.reason)
    if name in aside or name.lower() in SIDE_NAMES:
        return Column(name, kind, "left out", f"it divides the rows; {kind.reason}")
    if named:
        return Column(name, kind, "left out", f"not among the named inputs; {kind.reason}")
    return Column(name, kind, "left out", f"{_USELESS[kind.name]}; {kind.reason}")


def _candidates(kinds: Mapping[str, Kind]) -> str:
    """The columns that could be predicted, the most usual names first."""
    order = {name: place for place, name in enumerate(_USUAL_TARGETS)}
    possible = [name for name, kind in kinds.items() if kind.name in ("boolean", "categorical", "labels", "numeric")]
    possible.sort(key=lambda name: order.get(name.lower(), len(order)))
    if not possible:
        return "add a column with the answers to learn; none of these can be predicted: " + ", ".join(kinds)
    return "choose target=" + " or ".join(f"'{name}' ({kinds[name].reason})" for name in possible[:5])


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines with columns of equal width; a Chinese character takes two places."""
    rows = list(rows)
    widths = [max(map(_width, cells)) for cells in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
