"""What data sets there are, what of them is here, and what each one is: the answers behind `salience data`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from salience.data.registry import DataFile, DataSet, data_home, known, lookup
from salience.data.sets import readable


@dataclass(frozen=True)
class Entry:
    """One data set and how it stands here.

    `present` means that every file lies in `folder` with the right size (`salience.data.verify` reads the bytes too);
    `readable` that `salience.data.rows` makes a table of it.
    """

    data_set: DataSet
    folder: Path
    present: bool
    readable: bool


def catalogue() -> list[Entry]:
    """Every known data set, in alphabetical order."""
    return [entry(name) for name in known()]


def entry(name: str) -> Entry:
    """One data set and how it stands here.

    Raises:
        ConfigError: there is no such data set.
    """
    data_set = lookup(name)
    folder = data_home() / name
    present = all(_fits(file, folder / file.file) for file in data_set.files)
    return Entry(data_set, folder, present=present, readable=name in readable())


def _fits(file: DataFile, path: Path) -> bool:
    # An archive may have been packed anew, and then its size says nothing.
    return path.is_file() and (file.repacked or path.stat().st_size == file.bytes)
