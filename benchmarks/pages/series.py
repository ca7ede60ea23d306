"""How residuals of a forecast find what experts mark: the table of `docs/series.md`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pages.marked import Rows, Told, rows_of, table, value

COLUMNS = {
    "residuals": "residuals of the network",
    "naive": "of the last point as forecast",
    "random": "points at random",
}
LINES = {
    "precision of flagged points": "precision of flagged points",
    "recall of marked windows": "marked windows with a flagged point",
    "AUC": "AUC of points",
}
#: What chance gives, where it need not be measured.
BY_CHANCE = {"AUC": "0.5"}


def told(folder: Path) -> Told:
    """From the name of a table to the table, with the results in a folder."""
    rows = rows_of(folder / "nab.json")
    return {"nab": anomalies(rows) if rows else None}.get


def anomalies(rows: Rows) -> str:
    """A line for each score, a column for each way to tell what is unusual."""
    lines = []
    for name, said in LINES.items():
        found = [rows.get(f"{way}, {name}") for way in COLUMNS]
        lines.append([said, *(value(each) if each else BY_CHANCE[name] for each in found)])
    return table(["", *COLUMNS.values()], lines)
