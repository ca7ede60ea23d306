"""Which rows are the same: by their input texts, with or without regard to capitals and white space."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from salience.data.table import column


def exact(frame: pd.DataFrame, inputs: Sequence[str]) -> list[str]:
    """One text per row, equal where all inputs are equal."""
    return ["\0".join(cells) for cells in zip(*(_texts(frame, name) for name in inputs), strict=True)]


def folded(frame: pd.DataFrame, inputs: Sequence[str]) -> list[str]:
    """One text per row, equal where the inputs differ at most in capitals and white space."""
    columns = ([" ".join(text.lower().split()) for text in _texts(frame, name)] for name in inputs)
    return ["\0".join(cells) for cells in zip(*columns, strict=True)]


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    return ["" if cell is None else str(cell) for cell in column(frame, name)]
