"""Two compared runs as one HTML file, and the lines that a page and a terminal share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from salience.evaluation.comparison import Comparison
from salience.evaluation.score import Score
from salience.reports.page import document


@dataclass(frozen=True, slots=True)
class Compared:
    """One number about answers or importance, with what it means, between 0 and 1 or from -1; else on no scale."""

    name: str
    score: Score
    meaning: str
    scale: tuple[float, float] | None = (0.0, 1.0)


def write(found: Comparison, runs: Sequence[str], created: str, path: str | Path) -> Path:
    """Write the comparison to one HTML file, and say where it is. Folders on the way are made.

    Args:
        runs: what the first and the second run are called.
        created: the moment, as it is to be read.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html(found, runs, created), encoding="utf-8", newline="\n")
    return path


def html(found: Comparison, runs: Sequence[str], created: str) -> str:
    """The comparison as HTML."""
    return document("compared.html", found=found, runs=list(runs), created=created, told=compared(found), reach=_reach)


def compared(found: Comparison) -> list[Compared]:
    """What became of answers and importance, line by line."""
    importance = found.importance
    answers = "mean distance, in the unit of the target" if found.is_value else "share of the rows"
    return [
        Compared("answers changed", found.changed, answers, None if found.is_value else (0.0, 1.0)),
        Compared(
            "drift",
            importance.drift,
            "share of the importance that lies elsewhere: 0 the same, 1 nothing in common",
        ),
        Compared(
            "rank agreement",
            importance.spearman,
            f"Spearman, over all {importance.pieces}: 1 the same order",
            (-1.0, 1.0),
        ),
        Compared("", importance.kendall, "Kendall, likewise", (-1.0, 1.0)),
        Compared("strongest unit", importance.overlap["top_1"], "share that is the same"),
        Compared("strongest three", importance.overlap["top_3"], ""),
        Compared("strongest 20 %", importance.overlap["top_20_percent"], ""),
    ]


def _reach(score: Score) -> tuple[float, float]:
    """A scale for a difference, with 0 in its middle."""
    size = max((abs(each) for each in (score.value, score.low, score.high) if each is not None), default=0.0)
    return (-size, size) if size else (-1.0, 1.0)
