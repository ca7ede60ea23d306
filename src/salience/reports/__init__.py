"""Show results: pages, pictures, console lines and model cards, all drawn from one record of plain values.

A report recomputes nothing. Fill in a `ReportContent`, then `page.write(content, "report.html")`.
"""

from salience.reports import card, figure, page, stored, terminal
from salience.reports.content import (
    Calibration,
    CalibrationBin,
    ClassRow,
    Command,
    Confusion,
    CurvePoint,
    DataFile,
    Epoch,
    Fact,
    Finding,
    History,
    Method,
    MethodProof,
    Proof,
    ReportContent,
    ScoreRow,
    ShownExample,
    Side,
    Split,
    TellingClass,
    TellingUnit,
)

__all__ = [
    "Calibration",
    "CalibrationBin",
    "ClassRow",
    "Command",
    "Confusion",
    "CurvePoint",
    "DataFile",
    "Epoch",
    "Fact",
    "Finding",
    "History",
    "Method",
    "MethodProof",
    "Proof",
    "ReportContent",
    "ScoreRow",
    "ShownExample",
    "Side",
    "Split",
    "TellingClass",
    "TellingUnit",
    "card",
    "figure",
    "page",
    "stored",
    "terminal",
]
