"""Rows of a JSONL file: one JSON object per line, each fault at its row and line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from salience.core.errors import DataError
from salience.data.fault import BadRows
from salience.data.text_file import open_text, unreadable

# What JSON takes for white space.
_SPACE = " \t\r\n"


def json_rows(path: Path, *, encoding: str | None, bad: BadRows) -> Iterator[tuple[int, dict[str, object]]]:
    """(row number, values by key) of each line that is not blank, counted from 1."""
    row = 0
    with open_text(path, encoding=encoding) as text:
        for line, content in enumerate(text, 1):
            content = content.rstrip(_SPACE)
            if not content:
                continue
            row += 1
            try:
                record = _record(content, text.encoding)
            except _Fault as fault:
                bad.add(row, fault.problem, line=line, column=fault.column, fix=fault.fix)
                continue
            yield row, record
    if row == 0:
        raise DataError("the file is empty", where=path.name, fix="give a file with one JSON object per line")


class _Fault(Exception):
    """What is wrong with one line."""

    def __init__(self, problem: str, *, column: str | None = None, fix: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.column = column
        self.fix = fix


def _record(content: str, encoding: str) -> dict[str, object]:
    fault = unreadable(content, encoding)
    if fault is not None:
        raise _Fault(fault[0].replace("of the cell", "of the line"), fix=fault[1])
    value = _parsed(content)
    if not isinstance(value, dict):
        kinds = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}
        problem = f"expected a JSON object, got {kinds.get(type(value), 'a number')}"
        raise _Fault(problem, fix='write each row as {"column": value, ...} on a line of its own')
    # Only an escape such as \ud800 or \u0000 can bring in what the line itself does not hold.
    if "\\u" in content:
        _check_texts(value, encoding)
    return value


def _parsed(content: str) -> object:
    try:
        return json.loads(content, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise _Fault(
            f"the line is not JSON: {error.msg} (character {error.colno})",
            fix="write one complete JSON object per line",
        ) from error
    except RecursionError as error:
        raise _Fault("the values are nested too deeply", fix="flatten them") from error
    except ValueError as error:
        raise _Fault(f"a number is too long ({error})", fix="write it as a text") from error


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Fault(f"the key '{twice}' stands twice in one object", fix="give each value its own key")
    return made


def _check_texts(record: dict[str, object], encoding: str) -> None:
    for name, value in record.items():
        for text in (name, value):
            fault = unreadable(text, encoding) if isinstance(text, str) else None
            if fault is not None:
                raise _Fault(fault[0], column=name, fix="remove or replace the escape")
