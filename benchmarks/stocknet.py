"""The prices of 87 stocks of StockNet (ACL18), as Feng et al. 2019 cut and labelled them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from salience.core.errors import DataError
from salience.data import table
from salience.data.windows import Window

FEATURES = (
    *("open", "high", "low", "close", "adjusted close"),
    *("5-day mean", "10-day mean", "15-day mean", "20-day mean", "25-day mean", "30-day mean"),
)
#: First day of each side, and the day after the last.
BORDERS = {
    "train": ("2014-01-02", "2015-08-03"),
    "validation": ("2015-08-03", "2015-10-01"),
    "test": ("2015-10-01", "2016-01-01"),
}
#: The rows that Feng et al. have on each side.
COUNTS = {"train": 20315, "validation": 2555, "test": 3720}
# A cell of the files that holds no number.
_MISSING = -123320.0


@dataclass(frozen=True)
class Movements:
    """The days that moved: a window of the days before each, and whether it went up."""

    windows: list[Window]
    days: list[str]
    up: list[str]
    """`up` or `down`."""


def prices(*, lag: int) -> tuple[pd.DataFrame, dict[str, list[tuple[str, int, str]]]]:
    """One long table of all stocks and days, and per side the stock, day and movement of each row that is asked for.

    A row is asked for if the stock moved by more than +0.55 % or less than -0.5 % on the day, and all numbers of the
    `lag` days before it are known.
    """
    folder = _folder()
    dates = (folder / "trading_dates.csv").read_text(encoding="utf-8").split()
    tables, asked = [], {side: [] for side in BORDERS}
    for path in sorted((folder / "ourpped").glob("*.csv")):
        numbers = np.genfromtxt(path, delimiter=",")
        known = (numbers > _MISSING).all(1)
        tables.append(
            pd.DataFrame(np.where(known[:, None], numbers, np.nan)[:, : len(FEATURES)], columns=list(FEATURES))
        )
        tables[-1].insert(0, "date", dates)
        tables[-1].insert(0, "stock", path.stem)
        moved = numbers[:, len(FEATURES)]
        for place in range(lag, len(dates)):
            if known[place - lag : place].all() and moved[place] > _MISSING and moved[place] != 0:
                side = next((side for side, (first, end) in BORDERS.items() if first <= dates[place] < end), None)
                if side is not None:
                    asked[side].append((path.stem, place, "up" if moved[place] > 0 else "down"))
    return pd.concat(tables, ignore_index=True), asked


def read(series: Any, *, lag: int) -> dict[str, Movements]:
    """The windows of each side, of a table that the modality `series` reads."""
    frame, asked = prices(lag=lag)
    long = series.table(table.read(frame))
    number = {name: k for k, name in enumerate(long.names)}
    sides = {}
    for side, rows in asked.items():
        stops = [int(long.starts[number[stock]]) + place for stock, place, _ in rows]
        sides[side] = Movements(
            [Window(long, number[stock], stop, lag, 0) for (stock, _, _), stop in zip(rows, stops, strict=True)],
            [str(long.stamps[stop]) for stop in stops],
            [up for _, _, up in rows],
        )
    return sides


def log_prices() -> pd.DataFrame:
    """The logarithm of the adjusted closing price of each stock on each day; missing where it is not known."""
    folder = _folder()
    dates = (folder / "trading_dates.csv").read_text(encoding="utf-8").split()
    tables = []
    for path in sorted((folder / "ourpped").glob("*.csv")):
        prices = np.genfromtxt(path, delimiter=",")[:, -1]
        logs = np.log(np.where(prices > 0, prices, np.nan))
        tables.append(pd.DataFrame({"stock": path.stem, "date": dates, "log price": logs}))
    return pd.concat(tables, ignore_index=True)


def _folder() -> Path:
    root = os.environ.get("SALIENCE_DATA")
    if not root:
        raise DataError("the prices are not here", fix="set SALIENCE_DATA to the folder of the data sets")
    return Path(root) / "acl18-stocknet-price" / "data" / "stocknet-dataset" / "price"
