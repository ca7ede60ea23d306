"""Rows of a CSV or TSV file, each fault at its row, line and column."""

from __future__ import annotations

import csv
import itertools
import re
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from salience.core.errors import DataError
from salience.data.fault import BadRows, check_names
from salience.data.text_file import open_text, unreadable

# Characters in one cell. It also bounds what is held in memory when a quote is never closed.
LONGEST_CELL = 2**24
# Lines that decide how a file is delimited.
_HEAD = 200
_LONGEST_NAME = 60
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class Dialect:
    """How cells are separated, and whether a cell may be quoted."""

    delimiter: str
    quoted: bool = True

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        if self.quoted:
            return csv.reader(lines, delimiter=self.delimiter, strict=True)
        return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)


def delimited_rows(
    path: Path, expected: str, *, encoding: str | None, columns: Sequence[str] | None, bad: BadRows, notes: list[str]
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """(row number, cells by column) of each data row, counted from 1; an empty cell is None.

    `expected` is the delimiter that the file name promises; another one is recognised and said in `notes`.
    `columns` names the columns of a file without a header.
    """
    with open_text(path, encoding=encoding) as text, _long_cells():
        head = list(itertools.islice(text, _HEAD))
        dialect = _dialect_of(head, expected)
        notes.extend(_remarks(dialect, expected, path.name))
        records = _Records(itertools.chain(head, text), dialect)
        if columns is None:
            header = _header(records, path.name, text.encoding)
            notes.extend(_doubts(header, path.name))
        else:
            header = list(columns)
        check_names(header, f"{path.name}, header")
        yield from _rows(records, header, text.encoding, bad)


def _rows(
    records: _Records, header: list[str], encoding: str, bad: BadRows
) -> Iterator[tuple[int, dict[str, str | None]]]:
    for row in itertools.count(1):
        try:
            cells = records.next()
        except csv.Error as error:
            problem, fix = _explained(error)
            bad.add(row, problem, line=records.line, fix=fix)
            records.recover()
            continue
        if cells is None:
            return
        if _sound(cells, header, row, records, encoding, bad):
            yield row, {name: cell or None for name, cell in zip(header, cells, strict=True)}


def _sound(cells: list[str], header: list[str], row: int, records: _Records, encoding: str, bad: BadRows) -> bool:
    if len(cells) != len(header):
        fix = f"put quotes around a cell that contains '{records.delimiter}'" if len(cells) > len(header) else None
        problem = f"expected {len(header)} cells ({', '.join(header)}), got {len(cells)}"
        bad.add(row, problem, line=records.line, fix=fix)
        return False
    if unreadable("".join(cells), encoding) is None:
        return True
    for name, cell in zip(header, cells, strict=True):
        fault = unreadable(cell, encoding)
        if fault is not None:
            bad.add(row, fault[0], column=name, fix=fault[1])
            return False
    return True


class _Records:
    """The cells of one record after the other; blank lines are passed over."""

    def __init__(self, lines: Iterator[str], dialect: Dialect) -> None:
        self.delimiter = dialect.delimiter
        self.line = 0  # the line, counted from 1, on which the last record began
        self._dialect = dialect
        self._lines = lines
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._next_line = 1
        self._reader = dialect.reader(self._feed())

    def next(self) -> list[str] | None:
        """The next record; None at the end.

        Raises:
            csv.Error: a quote is misplaced or never closed; `recover` goes on behind it.
        """
        cells: list[str] | None = []
        while cells == []:
            self.line, self._taken = self._next_line, []
            cells = next(self._reader, None)
            self._next_line += len(self._taken)
        return cells

    def recover(self) -> None:
        """After a fault: read on at the line below the one on which the faulty record began."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._next_line = self.line + 1
        self._reader = self._dialect.reader(self._feed())

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._taken.append(line)
            yield line


def _header(records: _Records, name: str, encoding: str) -> list[str]:
    try:
        cells = records.next()
    except csv.Error as error:
        problem, fix = _explained(error)
        raise DataError(problem, where=f"{name}, header", fix=fix) from error
    if cells is None:
        raise DataError("the file is empty", where=name, fix="give a file with a header line and rows")
    fault = unreadable("".join(cells), encoding)
    if fault is not None:
        raise DataError(fault[0], where=f"{name}, header", fix=fault[1])
    return cells


def _doubts(header: list[str], name: str) -> list[str]:
    """Names that are numbers or long texts are rather the first row of a file without a header."""
    odd = next((each for each in header if _NUMBER.fullmatch(each) or len(each) > _LONGEST_NAME), None)
    if odd is None:
        return []
    return [
        f"the first line of {name} was taken for its header, though '{odd[:_LONGEST_NAME]}' is an odd name: "
        "if there is no header, pass columns="
    ]


def _explained(error: csv.Error) -> tuple[str, str]:
    text = str(error)
    if "unexpected end" in text:
        return 'a quote (") is opened here and never closed', 'close it, or write "" for a quote inside a quoted cell'
    if "field larger" in text:
        return f"a cell has more than {LONGEST_CELL:,} characters", "a quote that is opened here may never be closed"
    if "expected after" in text:
        return "characters follow a closing quote", 'write "" for a quote inside a quoted cell'
    return f"the row cannot be cut into cells ({text})", "save the file again with a program that writes CSV"


def _dialect_of(head: list[str], expected: str) -> Dialect:
    """The expected one, unless the first lines fall apart with it and agree on two or more cells with another."""
    first = Dialect(expected)
    if _num_cells(head, first) > 1:
        return first
    others = [Dialect(expected, quoted=False)] if expected == "\t" else []
    others += [Dialect(each) for each in _NAMES if each != expected]
    return next((each for each in others if _num_cells(head, each) > 1), first)


def _num_cells(head: list[str], dialect: Dialect) -> int:
    """How many cells every record of the first lines has; 0 if they differ."""
    counts = set()
    try:
        for cells in dialect.reader(iter(head)):
            counts.add(len(cells))
    except csv.Error as error:
        # The lines may end within a quoted cell: what came before it counts.
        if "unexpected end" not in str(error) or len(head) < _HEAD:
            return 0
    counts.discard(0)
    return counts.pop() if len(counts) == 1 else 0


def _remarks(dialect: Dialect, expected: str, name: str) -> list[str]:
    remarks = []
    if dialect.delimiter != expected:
        remarks.append(f"{name} is separated by {_NAMES[dialect.delimiter]}, not by {_NAMES[expected]}")
    if not dialect.quoted:
        remarks.append(f"{name} does not quote its cells: quotes are taken as ordinary characters")
    return remarks


class _CellLimit:
    """The limit of the csv module holds for the whole process: it is raised while any file is being read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._before = 0

    def enter(self) -> None:
        with self._lock:
            if self._readers == 0:
                self._before = csv.field_size_limit()
                csv.field_size_limit(max(self._before, LONGEST_CELL))
            self._readers += 1

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0:
                csv.field_size_limit(self._before)


_LIMIT = _CellLimit()


@contextmanager
def _long_cells() -> Iterator[None]:
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
