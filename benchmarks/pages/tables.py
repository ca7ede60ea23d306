"""Where models of tables look, and how good they are: the tables of `docs/tables.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.pages.marked import Rows, Told, rows_of, table, value

MODELS = {
    "columns as they stand": "columns as they stand (the usual one)",
    "attention over columns": "attention over columns",
    "sparse selection": "sparse selection",
}
BESIDE = ("gradient-boosted trees", "linear model")
SETS = {"breast_cancer": "breast cancer", "wine": "wine", "digits": "digits", "diabetes": "diabetes (R2)"}
SEEDS = (0, 1, 2)


def told(folder: Path) -> Told:
    """From the name of a table to the table, with the results in a folder."""
    where, scores = folder / "planted_table.json", rows_of(folder / "tables.json")
    return {
        "planted": planted(rows_of(where), _verdicts(where)) if where.exists() else None,
        "scores": good(scores) if scores else None,
    }.get


def planted(rows: Rows, verdicts: Mapping[str, str]) -> str:
    """A line for each model: how often it looks at what decides, and what the trust report says, seed by seed."""
    lines = []
    for name, text in MODELS.items():
        line = [text]
        for case in ("one", "pair"):
            runs = [f"{case}, {name}, seed {seed}" for seed in SEEDS]
            shares = [rows[f"{run}: highest on what is planted"]["value"] for run in runs]
            line += [", ".join(f"{share:.0%}" for share in shares), _counted([verdicts[run] for run in runs])]
        lines.append(line)
    return table(["Model", "One column", "Trust", "Two columns together", "Trust"], lines)


def good(rows: Rows) -> str:
    """A line for each data set, a column for each model; and how much the usual one has more than attention."""
    usual, other = list(MODELS)[:2]
    lines = [
        [
            text,
            *(value({**rows[f"{name}: {model}"], "low": None}) for model in (*MODELS, *BESIDE)),
            value(rows[f"{name}: {usual} minus {other}"], "+.3f"),
        ]
        for name, text in SETS.items()
    ]
    return table(["Table", *MODELS, *BESIDE, "the first less the second, paired"], lines)


def _verdicts(path: Path) -> dict[str, str]:
    """The verdict of the trust report by case, model and seed."""
    return {each["what"]: each["verdict"] for each in json.loads(path.read_text(encoding="utf-8"))["trust"]}


def _counted(verdicts: Sequence[str]) -> str:
    return f"{verdicts[0]}, {len(verdicts)} of {len(verdicts)}" if len(set(verdicts)) == 1 else ", ".join(verdicts)
