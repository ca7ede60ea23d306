"""What stands between two marks of a page is written from results, so that no number is typed by hand.

Everything between `<!-- figures: TABLE -->` and `<!-- /figures -->` is replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

MARKED = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
#: The rows of a result, by their names.
Rows = Mapping[str, Mapping[str, Any]]
#: From the name of a table to the table, or to None where there is no result.
Told = Callable[[str], str | None]


def filled(page: str, told: Told) -> str:
    """A page with what is told of each name between its marks; nothing where nothing is told."""

    def written(found: re.Match[str]) -> str:
        text = told(found[2])
        return f"{found[1]}\n{text}\n\n{found[3]}" if text else f"{found[1]}{found[3]}"

    return MARKED.sub(written, page)


def rows_of(path: Path) -> dict[str, Mapping[str, Any]]:
    """The rows of a result by their names; none where there is no such file."""
    if not path.exists():
        return {}
    return {row["what"]: row for row in json.loads(path.read_text(encoding="utf-8"))["rows"]}


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *lines])


def value(row: Mapping[str, Any] | None, form: str = ".3f", *, times: float = 1.0, unit: str = "") -> str:
    """A number with its interval, if it has one; nothing where nothing was measured.

    Args:
        times: what it is multiplied by: 100 for percent.
        unit: what stands behind it.
    """
    if row is None:
        return ""
    told = f"{times * row['value']:{form}}{unit}"
    return told if row["low"] is None else f"{told} ({times * row['low']:{form}} to {times * row['high']:{form}})"
