"""What graphs reach: the table of `docs/graphs.md`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pages.marked import Told, rows_of, table


def told(folder: Path) -> Told:
    """From the name of a table to the table, with the results in a folder."""
    return {"graphs": reached(folder)}.get


def reached(folder: Path) -> str:
    """A line for each result that is there."""
    lines = []
    cora = rows_of(folder / "cora.json")
    if cora:
        accuracy, core = cora["Cora, public split, GAT, test accuracy"], cora["all runs"]
        low, high = accuracy["low"], accuracy["high"]
        lines.append(
            [
                "Cora, public split, GAT, 100 runs",
                f"{accuracy['value']:.1%} ({low:.1%} to {high:.1%}), published 83.0 ± 0.7; "
                f"{core['value']:.0f} core-minutes in all",
                "`python -m benchmarks.cora --seeds 100`",
            ]
        )
    time = rows_of(folder / "cora_time.json")
    for name, what in (
        ("an epoch of training", "an epoch of training, compared with PyG's own example"),
        ("a prediction with importances", "prediction with importances, compared with PyG's forward pass"),
    ):
        row = time.get(f"{name}, ours / PyG's, ratio of median CPU times")
        if row:
            lines.append([what, f"{row['value']:.2f} times its time", "`python -m benchmarks.cora --time`"])
    motif = rows_of(folder / "graphs.json").get("highest weight in the motif, received")
    if motif:
        share = f"in {motif['value']:.1%} ({motif['low']:.1%} to {motif['high']:.1%}) of graphs; {motif['note']}"
        lines.append(["a planted motif has the highest weight", share, "`python -m benchmarks.graphs --count 200`"])
    memory = rows_of(folder / "graph_memory.json").get("1,000,000 edges, peak memory")
    if memory:
        said = f"{memory['value']:.1f} {memory['unit']}"
        lines.append(["memory for a graph of a million edges", said, "`python -m benchmarks.graph_memory`"])
    return table(["", "found", "command"], lines)
