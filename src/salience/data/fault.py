"""Where a fault in a table lies, and what becomes of it: it is raised, or kept in a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from salience.core.errors import ConfigError, DataError, did_you_mean


def where(source: str, *, row: object = None, line: int | None = None, column: str | None = None) -> str:
    """The place of a row or cell, in the words of every error about data.

    >>> where("reviews.csv", row=12, column="text")
    "reviews.csv, row 12, column 'text'"
    """
    place = source
    if row is not None:
        place += f", row {row}"
    if line is not None:
        place += f" (line {line})"
    if column is not None:
        place += f", column '{column}'"
    return place


class BadRows:
    """What happens to a row that cannot be read: `"raise"` stops at the first, `"skip"` keeps a list of all."""

    def __init__(self, source: str, on_bad_rows: str) -> None:
        if on_bad_rows not in ("raise", "skip"):
            raise ConfigError(
                f"on_bad_rows is '{on_bad_rows}'", where=source, fix=did_you_mean(on_bad_rows, ["raise", "skip"])
            )
        self.source = source
        self._skip = on_bad_rows == "skip"
        self._found: list[tuple[str, str]] = []

    def add(
        self, row: int, problem: str, *, line: int | None = None, column: str | None = None, fix: str | None = None
    ) -> None:
        """Raise the fault, or note it.

        Raises:
            DataError: faulty rows are not to be skipped.
        """
        if not self._skip:
            raise DataError(problem, where=where(self.source, row=row, line=line, column=column), fix=fix)
        self._found.append((str(row), problem if column is None else f"column '{column}': {problem}"))

    def take(self) -> list[tuple[str, str]]:
        """The (row, reason) pairs found since the last call."""
        found, self._found = self._found, []
        return found


def check_names(names: Sequence[object], place: str) -> None:
    """Column names must be different texts that are not empty.

    Raises:
        DataError: a name is missing, not a text, or given twice.
    """
    for number, name in enumerate(names, 1):
        if not isinstance(name, str):
            raise DataError(f"the name of column {number} is {name!r}, not a text", where=place, fix="rename it")
        if not name.strip():
            raise DataError(
                f"column {number} of {len(names)} has no name",
                where=place,
                fix="name it; if it is the row index that pandas wrote, save the file with index=False",
            )
    twice = [f"'{name}'" for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"several columns are named {', '.join(twice)}", where=place, fix="give each its own name")
