"""Every error a user can meet: what is wrong, where it is, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# Characters.
_LONGEST_LINE = 1500
# Known names that are listed: more than a model has parts, and fewer than a table has ids.
_MOST_NAMES = 50


class SalienceError(Exception):
    """The base of all errors that `salience` raises on purpose.

    The text has at most three lines: the problem (what was expected and what came), the place
    (file, row, column, layer) and the remedy.

    >>> print(SalienceError("expected a number, got 'x'", where="a.csv, row 3", fix="remove the row"))
    expected a number, got 'x'
      where: a.csv, row 3
      to do: remove the row
    """

    def __init__(self, problem: str, *, where: str | None = None, fix: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        lines = [_on_one_line(self.problem)]
        if self.where:
            lines.append(f"  where: {_on_one_line(self.where)}")
        if self.fix:
            lines.append(f"  to do: {_on_one_line(self.fix)}")
        return "\n".join(lines)


class DataError(SalienceError, ValueError):
    """A file, row or cell is not what it should be."""


class ConfigError(SalienceError, ValueError):
    """A setting is unknown, missing, or has a value that cannot work."""


class ModelFolderError(SalienceError, ValueError):
    """A saved model or run is incomplete, altered, or of another kind."""


class NotAvailable(SalienceError, LookupError):
    """Something was asked for that this model, run or record cannot give."""


class MissingPackage(SalienceError, ImportError):
    """An optional package is needed and is not installed."""


def _on_one_line(text: str) -> str:
    """A part of an error may quote anything: line breaks, commands to the terminal, a cell of a megabyte."""
    if len(text) > _LONGEST_LINE:
        text = f"{text[: _LONGEST_LINE // 2]} ... {text[-_LONGEST_LINE // 2 :]}"
    flat = " ".join(line.strip() for line in text.splitlines())
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in flat)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy for a wrong name: the nearest known one, and all of them, or the first where there are very many.

    >>> did_you_mean("additve", ["Additive", "Dot"])
    "did you mean 'Additive'? Known: Additive, Dot"
    """
    names = sorted(known)
    folded = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), folded, n=1)
    listing = "Known: " + (", ".join(names[:_MOST_NAMES]) or "none")
    if len(names) > _MOST_NAMES:
        listing += f" and {len(names) - _MOST_NAMES:,} others"
    return f"did you mean {folded[near[0]]!r}? {listing}" if near else listing
