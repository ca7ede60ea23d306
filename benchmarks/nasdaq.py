"""Prices and industries of 1,026 NASDAQ stocks, 2013 to 2017, as Feng et al. 2019 prepared them.

Legend: N stocks, T days, F features (closing price and its means of 5, 10, 20 and 30 days), E edges.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from salience.core.errors import DataError

# How the files mark a number that is missing, and what the authors read in its place.
_MISSING, _READ = -1234.0, 1.1
#: The first day whose return is asked on each side, as the authors divide: see `days`.
VALIDATION, TEST, END = 756, 1008, 1245


@dataclass(frozen=True)
class Market:
    """Every stock on every day; prices are scaled per stock, as the authors do."""

    names: tuple[str, ...]
    features: Tensor
    """[N, T, F]; 1.1 where a number is missing."""
    known: Tensor
    """[N, T]: is there a closing price?"""
    returns: Tensor
    """[N, T]: the return of a day, price / price of the day before - 1; 0 where it is not known."""
    edges: Tensor
    """[2, E]: both ways between stocks of one industry, those without industry left out; no stock to itself."""

    def both_known(self, day: int) -> Tensor:
        """[N]: is the return of a day known?"""
        return self.known[:, day] & self.known[:, day - 1]

    @property
    def closes(self) -> Tensor:
        """[N, T]."""
        return self.features[..., -1]


def read() -> Market:
    """Read everything."""
    folder = _folder()
    with tarfile.open(folder / "data_2013-01-01_NASDAQ.tar.xz") as archive:
        tables = {
            member.name.split("_")[1]: np.genfromtxt(io.BytesIO(archive.extractfile(member).read()), delimiter=",")
            for member in archive.getmembers()
            if member.isfile()
        }
    listed = (folder / "data" / "NASDAQ_tickers_qualify_dr-0.98_min-5_smooth.csv").read_text(encoding="utf-8").split()
    # Of the last day most numbers are missing, and the authors leave it out.
    values = torch.tensor(np.stack([tables[name][:END, 1:] for name in listed]), dtype=torch.float32)
    known = values[..., -1] != _MISSING
    closes = values[..., -1]
    returns = torch.zeros_like(closes)
    both = known[:, 1:] & known[:, :-1]
    returns[:, 1:] = torch.where(both, closes[:, 1:] / closes[:, :-1] - 1, 0.0)
    features = torch.where(values == _MISSING, _READ, values)
    return Market(tuple(listed), features, known, returns, _industries(folder, listed))


def days(side: str, *, look_back: int) -> range:
    """The days whose returns are asked on one side; the windows before them end the day before."""
    first = {"train": look_back, "validation": VALIDATION, "test": TEST}[side]
    return range(first, {"train": VALIDATION, "validation": TEST, "test": END}[side])


def _industries(folder: Path, listed: list[str]) -> Tensor:
    path = folder / "data" / "relation" / "sector_industry" / "NASDAQ_industry_ticker.json"
    number = {name: place for place, name in enumerate(listed)}
    pairs = []
    for industry, members in json.loads(path.read_text(encoding="utf-8")).items():
        if industry != "n/a":
            pairs += itertools.permutations([number[name] for name in members], 2)
    return torch.tensor(pairs).T


def _folder() -> Path:
    root = os.environ.get("SALIENCE_DATA")
    if not root:
        raise DataError("the prices are not here", fix="set SALIENCE_DATA to the folder of the data sets")
    return Path(root) / "rsr-nasdaq"
