"""The public data sets this package knows: where each file comes from and the hash it must have."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.data.inside import is_inside


@dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    `file` is its path below the folder of the set. A `repacked` file is an archive of `members` small files: it has no
    address of its own, `url` is the common beginning of theirs, and `members_sha256` is the hash of their contents
    (see `salience.data.archive.contents_sha256`).
    """

    file: str
    url: str
    sha256: str
    bytes: int
    repacked: bool = False
    members: int = 0
    members_sha256: str = ""

    def __post_init__(self) -> None:
        if not is_inside(self.file):
            raise DataError(
                f"the path {self.file!r} of a data file leaves its folder", fix="write a relative path without '..'"
            )
        if not self.url.startswith(("https://", "http://")):
            raise DataError(
                f"expected an address that begins with https:// or http://, got {self.url!r}", where=self.file
            )


@dataclass(frozen=True)
class DataSet:
    """One data set: facts, licence and files."""

    name: str
    title: str
    task: str
    licence: str
    citation: str
    files: tuple[DataFile, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if not is_inside(self.name) or "/" in self.name:
            raise DataError(f"the name {self.name!r} of a data set is not the name of a folder")

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(each.bytes for each in self.files)

    @property
    def downloadable(self) -> bool:
        """Whether every file has an address of its own."""
        return not any(each.repacked for each in self.files)


@cache
def known() -> dict[str, DataSet]:
    """All data sets by name, in alphabetical order.

    >>> known()["sst2"].citation[:13]
    'Socher et al.'
    """
    text = resources.files("salience.data").joinpath("registry.toml").read_text(encoding="utf-8")
    return {name: _data_set(name, facts) for name, facts in tomllib.loads(text).items()}


def lookup(name: str) -> DataSet:
    """The data set called `name`.

    Raises:
        ConfigError: there is none; the nearest name is suggested.
    """
    if name not in known():
        raise ConfigError(f"there is no data set '{name}'", fix=did_you_mean(name, known()))
    return known()[name]


def data_home() -> Path:
    """The folder that holds one folder per data set; it need not exist.

    It is `$SALIENCE_DATA` where that is set, otherwise `salience` in the cache folder of the user.
    """
    if chosen := os.environ.get("SALIENCE_DATA"):
        return Path(chosen).expanduser().absolute()
    cache_home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification says that a relative path is to be ignored.
    return (cache_home if cache_home.is_absolute() else Path.home() / ".cache") / "salience"


def _data_set(name: str, facts: Mapping[str, Any]) -> DataSet:
    files = tuple(_data_file(each, facts["url"]) for each in facts["files"])
    words = {key: facts[key] for key in ("title", "task", "licence", "citation")}
    return DataSet(name=name, files=files, note=facts.get("note", ""), **words)


def _data_file(facts: Mapping[str, Any], prefix: str) -> DataFile:
    facts = dict(facts)
    prefix = facts.pop("url", prefix)
    url = prefix if facts.get("repacked") else prefix + quote(facts["file"])
    return DataFile(url=url, **facts)
