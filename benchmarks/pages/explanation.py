"""Is attention explanation? The tables of `docs/explanation.md`. What has no result is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.pages.marked import Told, rows_of, table, value

PAIRS = ("attention, gradient", "attention, left out", "gradient, left out")
STARTS = ("vectors", "no vectors", "ours")

#: The rows of the results of all data sets, by data set and by name.
Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]


def told(folder: Path) -> Told:
    """From the name of a table to the table, with the figures of all results in a folder."""
    rows = {path.stem.removeprefix("explanation_"): rows_of(path) for path in sorted(folder.glob("explanation_*.json"))}
    return lambda name: TABLES[name](rows)


def correlations(rows: Rows) -> str:
    """A line for each data set and start, a column for each pair of importances."""
    lines = []
    for data, start, of in _starts(rows):
        cells = [f"{value(of[pair])}{_published(of[pair])}" for pair in PAIRS]
        lines.append([data, start, *cells, f"{value(of['accuracy'])}{_published(of['accuracy'])}"])
    return table(["Data", "Start", *(pair.capitalize() for pair in PAIRS), "Accuracy"], lines)


def changes(rows: Rows) -> str:
    """A line for each data set and start, a column for each change of weights."""
    names = {
        "largest weight, times the mean": "Largest weight, times the mean",
        "median change of permutations": "Median change under permutations",
        "furthest alternative within 0.01": "Furthest alternative, change 0.01",
        "furthest alternative within 0.05": "Furthest alternative, change 0.05",
    }
    lines = [[data, start, *(value(of[name]) for name in names)] for data, start, of in _starts(rows)]
    return table(["Data", "Start", *names.values()], lines)


def models(rows: Rows) -> str:
    """A line for each model that is compared with the base."""
    lines = []
    for data, of in _with_vectors(rows):
        names = [name.removesuffix(", divergence") for name in of if name.endswith(", divergence")]
        for name in sorted(names, key=lambda name: (name.startswith("adversary"), name)):
            cells = [of.get(f"{name}, {what}") for what in ("divergence", "change of answers", "accuracy")]
            lines.append([data, name, *(value(each) if each else "" for each in cells)])
    return table(["Data", "Model", "Divergence of attention", "Change of answers", "Accuracy"], lines)


def words(rows: Rows) -> str:
    """A line for each guide of a network that reads each word alone."""
    lines = []
    for data, of in _with_vectors(rows):
        for name in (name for name in of if re.fullmatch(r"words alone, \w+, accuracy", name)):
            guide = name.split(", ")[1]
            more = of.get(f"words alone, {guide} beyond uniform, accuracy")
            lines.append([data, guide, value(of[name]), value(more) if more else ""])
    return table(["Data", "Weights", "Accuracy", "Beyond the same weight everywhere"], lines)


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


def _published(row: Mapping[str, Any]) -> str:
    found = re.search(r"published (\S+)", row["note"])
    return f"; {found[1]}" if found else ""
