"""A known data set in its folder: every file there, and every byte as it should be."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from salience.core.errors import DataError, NotAvailable
from salience.data.archive import contents_sha256
from salience.data.download import download, file_sha256
from salience.data.lock import locked
from salience.data.registry import DataFile, DataSet, data_home, lookup


@dataclass(frozen=True)
class Progress:
    """How far the downloads for one data set are: `done` of `total` bytes, and the `file` at work."""

    name: str
    file: str
    done: int
    total: int


@dataclass(frozen=True)
class Check:
    """What was found at the place of one file."""

    file: DataFile
    path: Path
    state: Literal["good", "missing", "wrong size", "wrong hash"]


def get(name: str | DataSet, *, report: Callable[[Progress], None] | None = None) -> Path:
    """The folder of a data set with every file present and verified, after downloading what is missing.

    Args:
        name: a name of `known()`, or a data set of your own.
        report: told about the progress; the first call comes before the first byte and announces the total.

    Raises:
        ConfigError: there is no such data set.
        NotAvailable: a file is missing and cannot be downloaded, or `SALIENCE_OFFLINE=1` forbids it.
        DataError: a file is there with other contents (it is left alone), or the download failed.
    """
    data_set = _data_set(name)
    folder = data_home() / data_set.name
    wanted = missing(data_set)
    if wanted:
        _refuse_repacked(data_set, wanted, folder)
        _refuse_if_offline(data_set, wanted, folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder):
                # Another process may have been quicker while this one waited.
                _download_all(data_set, missing(data_set), folder, report or _nobody)
        except OSError as error:
            fix = "set SALIENCE_DATA to a folder you can write to, with enough room"
            raise DataError(
                f"cannot write the data set '{data_set.name}': {error}", where=str(folder), fix=fix
            ) from error
    return folder


def missing(name: str | DataSet) -> list[DataFile]:
    """The files of a data set that are not there.

    Raises:
        DataError: a file is there with other contents.
    """
    checks = _checks(_data_set(name), remember=True)
    for check in checks:
        if check.state.startswith("wrong"):
            raise DataError(
                f"the file has the {check.state}: expected {check.file.bytes:,} bytes with SHA-256 {check.file.sha256}",
                where=str(check.path),
                fix="move the file away, then ask for the data set again",
            )
    return [check.file for check in checks if check.state == "missing"]


def verify(name: str | DataSet) -> list[Check]:
    """Read every file of a data set again and compare size and hash."""
    return _checks(_data_set(name), remember=False)


# How many missing files an error names, so that every address stays whole.
_NAMED = 5
# Path -> (size, time of change, expected hash) of the files this process has found good.
_GOOD: dict[Path, tuple[int, int, str]] = {}


def _data_set(name: str | DataSet) -> DataSet:
    return lookup(name) if isinstance(name, str) else name


def _checks(data_set: DataSet, *, remember: bool) -> list[Check]:
    folder = data_home() / data_set.name
    return [_check(file, folder / file.file, remember=remember) for file in data_set.files]


def _check(file: DataFile, path: Path, *, remember: bool) -> Check:
    if not path.is_file():
        return Check(file, path, "missing")
    found = path.stat()
    stamp = (found.st_size, found.st_mtime_ns, file.sha256)
    if remember and _GOOD.get(path) == stamp:
        return Check(file, path, "good")
    if found.st_size == file.bytes and file_sha256(path) == file.sha256:
        _GOOD[path] = stamp
        return Check(file, path, "good")
    if file.repacked and _same_contents(file, path):
        _GOOD[path] = stamp
        return Check(file, path, "good")
    return Check(file, path, "wrong hash" if found.st_size == file.bytes else "wrong size")


def _same_contents(file: DataFile, path: Path) -> bool:
    """Whether an archive was packed differently but holds the same files."""
    try:
        return contents_sha256(path) == file.members_sha256
    except DataError:
        return False


def _refuse_if_offline(data_set: DataSet, wanted: Sequence[DataFile], folder: Path) -> None:
    if os.environ.get("SALIENCE_OFFLINE", "0") in ("", "0"):
        return
    listing = "; ".join(f"{each.file} from {each.url}" for each in wanted[:_NAMED])
    more = f"; and {len(wanted) - _NAMED} more, see salience.data.missing" if len(wanted) > _NAMED else ""
    raise NotAvailable(
        f"the data set '{data_set.name}' is incomplete (missing files: {len(wanted)}), and SALIENCE_OFFLINE is set",
        where=str(folder),
        fix=f"unset SALIENCE_OFFLINE, or put these files there: {listing}{more}",
    )


def _refuse_repacked(data_set: DataSet, wanted: Sequence[DataFile], folder: Path) -> None:
    for each in wanted:
        if each.repacked:
            raise NotAvailable(
                f"'{each.file}' of the data set '{data_set.name}' cannot be downloaded: it bundles {each.members:,} "
                f"small files that have addresses of their own, beginning with {each.url}",
                where=str(folder / each.file),
                fix=f"put the archive there ({each.bytes:,} bytes, SHA-256 {each.sha256}), or any tar archive under "
                "this name with the same members, each named by the rest of its address",
            )


def _download_all(
    data_set: DataSet, wanted: Sequence[DataFile], folder: Path, report: Callable[[Progress], None]
) -> None:
    total = sum(each.bytes for each in wanted)
    before = 0
    for each in wanted:
        target = folder / each.file
        target.parent.mkdir(parents=True, exist_ok=True)
        told = _teller(data_set.name, each.file, before, total, report)
        download(each.url, target, size=each.bytes, sha256=each.sha256, report=told)
        before += each.bytes


def _teller(name: str, file: str, before: int, total: int, report: Callable[[Progress], None]) -> Callable[[int], None]:
    return lambda have: report(Progress(name, file, before + have, total))


def _nobody(progress: Progress) -> None:
    """Nobody wants to know."""
