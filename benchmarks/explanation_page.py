"""The tables of `docs/explanation.md`, written from the results, so that no number is typed by hand.

Everything between `<!-- figures: TABLE -->` and `<!-- /figures -->` is replaced. What has no result is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "explanation.md"
MARKED = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
PAIRS = ("attention, gradient", "attention, left out", "gradient, left out")
STARTS = ("vectors", "no vectors", "ours")

#: The rows of the results of all data sets, by data set and by name.
Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]


def main(folder: Path) -> None:
    """Bring the page up to date with the results in a folder."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), folder), encoding="utf-8")


def filled(page: str, folder: Path) -> str:
    """The page with the figures of all results in the folder."""
    rows: dict[str, dict[str, Mapping[str, Any]]] = {}
    for path in sorted(folder.glob("explanation_*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        rows[result["benchmark"].removeprefix("explanation_")] = {row["what"]: row for row in result["rows"]}
    return MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found[2]](rows)}\n\n{found[3]}", page)


def correlations(rows: Rows) -> str:
    """A line for each data set and start, a column for each pair of importances."""
    lines = []
    for data, start, of in _starts(rows):
        cells = [f"{_value(of[pair])}{_published(of[pair])}" for pair in PAIRS]
        lines.append([data, start, *cells, f"{_value(of['accuracy'])}{_published(of['accuracy'])}"])
    return _table(["Data", "Start", *(pair.capitalize() for pair in PAIRS), "Accuracy"], lines)


def changes(rows: Rows) -> str:
    """A line for each data set and start, a column for each change of weights."""
    names = {
        "largest weight, times the mean": "Largest weight, times the mean",
        "median change of permutations": "Median change under permutations",
        "furthest alternative within 0.01": "Furthest alternative, change 0.01",
        "furthest alternative within 0.05": "Furthest alternative, change 0.05",
    }
    lines = [[data, start, *(_value(of[name]) for name in names)] for data, start, of in _starts(rows)]
    return _table(["Data", "Start", *names.values()], lines)


def models(rows: Rows) -> str:
    """A line for each model that is compared with the base."""
    lines = []
    for data, of in _with_vectors(rows):
        names = [name.removesuffix(", divergence") for name in of if name.endswith(", divergence")]
        for name in sorted(names, key=lambda name: (name.startswith("adversary"), name)):
            cells = [of.get(f"{name}, {what}") for what in ("divergence", "change of answers", "accuracy")]
            lines.append([data, name, *(_value(each) if each else "" for each in cells)])
    return _table(["Data", "Model", "Divergence of attention", "Change of answers", "Accuracy"], lines)


def words(rows: Rows) -> str:
    """A line for each guide of a network that reads each word alone."""
    lines = []
    for data, of in _with_vectors(rows):
        for name in (name for name in of if re.fullmatch(r"words alone, \w+, accuracy", name)):
            guide = name.split(", ")[1]
            more = of.get(f"words alone, {guide} beyond uniform, accuracy")
            lines.append([data, guide, _value(of[name]), _value(more) if more else ""])
    return _table(["Data", "Weights", "Accuracy", "Beyond the same weight everywhere"], lines)


TABLES: Mapping[str, Callable[[Rows], str]] = {
    "correlations": correlations,
    "changes": changes,
    "models": models,
    "words": words,
}


def _starts(rows: Rows) -> list[tuple[str, str, dict[str, Mapping[str, Any]]]]:
    """Each data set and start that was measured, with its rows by their names within it."""
    found = [(data, start, _within(of, start)) for data, of in rows.items() for start in STARTS]
    return [each for each in found if "accuracy" in each[2]]


def _with_vectors(rows: Rows) -> list[tuple[str, dict[str, Mapping[str, Any]]]]:
    return [(data, of) for data, start, of in _starts(rows) if start == STARTS[0]]


def _within(rows: Mapping[str, Mapping[str, Any]], start: str) -> dict[str, Mapping[str, Any]]:
    prefix = f"{start}: "
    return {what.removeprefix(prefix): row for what, row in rows.items() if what.startswith(prefix)}


def _value(row: Mapping[str, Any]) -> str:
    between = "" if row["low"] is None else f" ({row['low']:.3f} to {row['high']:.3f})"
    return f"{row['value']:.3f}{between}"


def _published(row: Mapping[str, Any]) -> str:
    found = re.search(r"published (\S+)", row["note"])
    return f"; {found[1]}" if found else ""


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *lines])
