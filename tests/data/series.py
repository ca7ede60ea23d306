"""Small long tables whose numbers tell where they stand: variable v at row t of series k is 100 k + 10 t + v."""

from __future__ import annotations

from typing import Any

import pandas as pd

from salience.core.lazy import Lazy
from salience.data import table
from salience.data.long_table import LongTable, Roles, read_long
from salience.data.windows import Run, Window, windows

HOURS = pd.date_range("2024-01-01", periods=1000, freq="h")


def rows(lengths: tuple[int, ...] = (13,), *, variables: int = 2) -> list[dict[str, Any]]:
    """One mapping per series and hour."""
    return [
        {
            "shop": f"s{k}",
            "time": str(HOURS[t]),
            **{name: float(100 * k + 10 * t + v) for v, name in enumerate("abcdefg"[:variables])},
        }
        for k, length in enumerate(lengths)
        for t in range(length)
    ]


def long(given: list[dict[str, Any]], **roles: Any) -> LongTable:
    """The table of such rows."""
    return read_long(table.read(given), Roles(**{"time": "time", "series": "shop", **roles}))


def every_window(table: LongTable, *, look_back: int, horizon: int) -> Lazy[Window]:
    """All windows of all series, with their whole horizon."""
    runs = [
        Run(k, int(table.starts[k]) + look_back, int(table.starts[k + 1]) - horizon) for k in range(len(table.names))
    ]
    return windows(table, runs, look_back=look_back, horizon=horizon)
