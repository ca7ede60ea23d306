"""From a table and the name of its target to the part that each column plays, and what is asked of a model."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from salience.core.errors import ConfigError, DataError
from salience.data.fault import where
from salience.data.kind import Kind, kind_of
from salience.data.table import check_form, column, source_of
from salience.data.target import check_learnable, check_readable, is_known, known_task, parsed, separator_of, task_for

_USUAL_TARGETS = ("label", "labels", "target", "class", "y", "sentiment", "category", "score", "rating")
# Kinds that are no text even where a person insists.
_NO_TEXT = ("numeric", "nested")


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
    task: str
    """The name of a task: Classification, MultiLabel or Regression."""
    reason: str
    """Why this task."""
    separator: str | None
    """What separates several labels in one cell of the target; None where that has no meaning."""
    num_rows: int
    num_missing: int
    """How many of the rows have no target; `labelled` leaves them out."""
    notes: tuple[str, ...] = ()
    """What the reader of the file had to say."""

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
    frame: pd.DataFrame, *, target: str | None, inputs: Sequence[str] | None = None, task: str | None = None
) -> Inference:
    """Understand a frame from `salience.data.table.read`.

    Args:
        target: the column to predict.
        inputs: the columns to predict it from; by default every text column.
        task: Classification, MultiLabel or Regression; by default what the values of the target ask for. A chosen task
            is taken as it is, so that a few new rows can be judged: only otherwise must there be something to learn.

    Raises:
        ConfigError: no target was named, it is also an input, or there is no such task.
        DataError: a column does not exist or cannot play its part, or the frame did not come from `read`.

    >>> from salience.data.table import read
    >>> rows = [{"text": f"film number {n} was fine", "label": n % 2} for n in range(4)]
    >>> inference = infer(read(rows), target="label")
    >>> inference.inputs, inference.task
    (('text',), 'Classification')
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
    chosen = _inputs(frame, kinds, target, inputs)
    for name in chosen:
        _check_texts(frame[name], source_of(frame))
    return Inference(
        columns=tuple(_part(name, kind, target, chosen, named=inputs is not None) for name, kind in kinds.items()),
        target=target,
        inputs=chosen,
        task=found,
        reason=reason,
        separator=separator_of(known, kinds[target]) if found == "MultiLabel" else None,
        num_rows=len(frame),
        num_missing=len(frame) - len(known),
        notes=tuple(frame.attrs.get("notes", ())),
    )


def labelled(frame: pd.DataFrame, inference: Inference) -> pd.DataFrame:
    """The rows that have a target."""
    return frame[is_known(column(frame, inference.target))]


def parse_targets(frame: pd.DataFrame, inference: Inference) -> list[Any]:
    """The target of each row as the task wants it: a text, a float, or a tuple of texts.

    Raises:
        DataError: a target is missing, or not what the task wants; the first is located, the others are counted.
    """
    return parsed(column(frame, inference.target), inference.task, inference.separator, source_of(frame))


def _inputs(
    frame: pd.DataFrame, kinds: Mapping[str, Kind], target: str, named: Sequence[str] | None
) -> tuple[str, ...]:
    if named is None:
        texts = tuple(name for name, kind in kinds.items() if kind.name == "text" and name != target)
        if not texts:
            listing = ", ".join(f"'{name}' is {kind.name}" for name, kind in kinds.items() if name != target)
            raise DataError(
                f"there is no text column to predict from ({listing or 'the target is the only column'})",
                where=source_of(frame),
                fix="name the columns to read with inputs=",
            )
        return texts
    if not named:
        raise ConfigError("the list of inputs is empty", fix="name at least one column, or leave inputs out")
    for name in named:
        column(frame, name)
        _check_input(name, kinds[name], target, source_of(frame))
    return tuple(dict.fromkeys(named))


def _check_input(name: str, kind: Kind, target: str, source: str) -> None:
    place = where(source, column=name)
    if name == target:
        raise ConfigError("the target cannot be an input as well", where=place, fix="take it out of inputs")
    if kind.name in _NO_TEXT:
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


def _part(name: str, kind: Kind, target: str, inputs: tuple[str, ...], *, named: bool) -> Column:
    if name == target:
        return Column(name, kind, "target", kind.reason)
    if name in inputs:
        return Column(name, kind, "input", kind.reason)
    if named and kind.name not in _NO_TEXT:
        return Column(name, kind, "left out", f"not among the named inputs; {kind.reason}")
    return Column(name, kind, "left out", f"only text is read; {kind.reason}")


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
