"""The figures of the kernels in `docs/kernels.md`, written from the results, so that no number is typed by hand.

A section without a result is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.attention.problems import sizes
from benchmarks.pages.marked import Told, table

Result = Mapping[str, Any]


def told(folder: Path) -> Told:
    """From the name of a section to its table and where it was measured, with the results in a folder."""

    def of(section: str) -> str | None:
        path = folder / f"kernels_{section}.json"
        if not path.exists():
            return None
        result = json.loads(path.read_text(encoding="utf-8"))
        return f"{TABLES.get(section, listed)(result)}\n\n{machine(result)}"

    return of


def by_size(result: Result) -> str:
    """One line for each kind, one column for each size."""
    rows = {row["what"]: row for row in result["rows"]}
    names = [str(size) for size in sizes()]
    kinds = list(
        dict.fromkeys(what.removesuffix(f", {size}") for what in rows for size in names if what.endswith(size))
    )
    lines = []
    for kind in kinds:
        found = [rows.get(f"{kind}, {size}") for size in names]
        if all(found):
            unit = "" if found[0]["unit"] == "x" else f" ({found[0]['unit']})"
            bars = [row["bar"] for row in found if row["bar"]]
            lines.append([kind + unit, *map(_value, found), bars[-1] if bars else ""])
    return table(["", *names, "Bar"], lines)


def by_threads(result: Result) -> str:
    """One line for each size, one column for each setting."""
    rows = {tuple(row["what"].removeprefix("supervised step, ").rsplit(", ", 2)): row for row in result["rows"]}
    settings = list(dict.fromkeys(key[1:] for key in rows))
    names = list(dict.fromkeys(key[0] for key in rows))
    lines = []
    for size in names:
        found = [rows.get((size, *setting)) for setting in settings]
        lines.append([size, *(_value(row) if row else "" for row in found), rows[(size, *settings[0])]["bar"]])
    return table(["", *(", ".join(setting) for setting in settings), "Bar"], lines)


def by_sharpness(result: Result) -> str:
    """One line for each quantity in float32, one column for each sharpness of scores; the rest below."""
    rows: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in result["rows"]:
        name, _, where = row["what"].removeprefix("error of ").partition(", scores to ")
        if where and ", bfloat16" not in name:
            rows.setdefault(name, {})[where] = row
    columns = list(dict.fromkeys(where for found in rows.values() for where in found))
    lines = []
    for name, found in rows.items():
        bars = [row["bar"] for row in found.values() if row["bar"]]
        cells = [f"{_value(found[where])}{_beside(found[where])}" for where in columns]
        lines.append([name, *cells, bars[0] if bars else ""])
    left = [row for row in result["rows"] if not any(row in found.values() for found in rows.values())]
    head = ["", *(f"scores to {where}" for where in columns), "Bar"]
    return f"{table(head, lines)}\n\n{listed({'rows': left})}"


def listed(result: Result) -> str:
    """One line for each row."""
    lines = [
        [row["what"], f"{_value(row)} {_unit(row)}".strip(), row["bar"] or "", row["note"]] for row in result["rows"]
    ]
    return table(["What", "Measured", "Bar", "Note"], lines)


def machine(result: Result) -> str:
    """Where and when it was measured."""
    return "{cpu}, torch {torch}; {date}, commit {commit}.".format(**result["machine"], **result)


TABLES: Mapping[str, Callable[[Result], str]] = {
    "speed": by_size,
    "sharp": by_size,
    "training": by_threads,
    "threads": by_threads,
    "exact": by_sharpness,
}


def reaches(row: Mapping[str, Any]) -> bool:
    """Whether a value is what its bar asks for; one without a bar is."""
    if not row["bar"]:
        return True
    sign, _, limit = row["bar"].rpartition(" ")
    value = row["value"]
    return {"<=": value <= float(limit), ">=": value >= float(limit), "": value == float(limit)}[sign]


def _value(row: Mapping[str, Any]) -> str:
    short = f"{row['value']:.3g}" if row["value"] < 1000 else f"{row['value']:.0f}"
    between = "" if row["low"] is None else f" ({row['low']:.3g} to {row['high']:.3g})"
    return f"{short}{between}" if reaches(row) else f"**{short}**{between}"


def _beside(row: Mapping[str, Any]) -> str:
    """The error of the eager way, as the note tells it."""
    found = re.search(r"eager float32: (\S+)", row["note"])
    return f" ({found[1]})" if found else ""


def _unit(row: Mapping[str, Any]) -> str:
    return {"x": "×"}.get(row["unit"], row["unit"])
