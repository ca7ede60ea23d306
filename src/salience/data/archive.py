"""Read and unpack tar and zip archives that nobody vouches for.

Names that leave the folder, links, devices, encrypted members and two members of one name are refused. Limits are
measured on what really comes out of the decompressor, never on what a header says.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import lzma
import secrets
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from salience.core.errors import DataError, NotAvailable
from salience.data.decompress import Readable, decompressed
from salience.data.inside import is_inside


@dataclass(frozen=True)
class Limits:
    """What an archive may cost: bytes and members in all, and bytes out per byte in beyond the first `spared` bytes."""

    bytes: int = 4 * 2**30
    members: int = 1_000_000
    ratio: float = 200.0
    spared: int = 2**24


@dataclass(frozen=True)
class Member:
    """One file of an archive: its path inside and the size its header states."""

    name: str
    size: int


STANDARD = Limits()


def read_members(
    path: str | Path, suffix: str | None = None, *, limits: Limits = STANDARD
) -> Iterator[tuple[str, bytes]]:
    """The name and content of every file in an archive, in archive order, one at a time and without unpacking.

    Args:
        suffix: only files whose name ends so, for example `".txt"`.

    Raises:
        DataError: the archive is damaged, dangerous, or larger than `limits`.
    """
    for member, pieces in _walk(Path(path), limits):
        if suffix is None or member.name.endswith(suffix):
            yield member.name, b"".join(pieces)


def members(path: str | Path, *, limits: Limits = STANDARD) -> list[Member]:
    """All files of an archive, in archive order; a compressed tar is read through once for it."""
    return [member for member, _ in _walk(Path(path), limits)]


def open_member(path: str | Path, name: str, *, limits: Limits = STANDARD) -> BinaryIO:
    """One file of an archive, in memory; a compressed tar is read up to that file.

    Raises:
        NotAvailable: the archive has no such file.
    """
    seen = []
    for member, pieces in _walk(Path(path), limits):
        if member.name == name:
            return io.BytesIO(b"".join(pieces))
        seen.append(member.name)
    near = difflib.get_close_matches(name, seen, n=1)
    raise NotAvailable(
        f"there is no '{name}' in the archive", where=str(path), fix=f"did you mean '{near[0]}'?" if near else None
    )


def unpack(path: str | Path, into: str | Path, *, limits: Limits = STANDARD) -> Path:
    """Unpack an archive into the new folder `into`: all of it, or nothing.

    Owners, times, permissions and empty folders are left behind.

    Raises:
        DataError: the archive is damaged, dangerous or too large, or `into` exists.
    """
    into = Path(into)
    if into.exists() or into.is_symlink():
        raise DataError("the folder to unpack into exists already", where=str(into), fix="name a new folder")
    into.parent.mkdir(parents=True, exist_ok=True)
    growing = into.with_name(f".{into.name}.{secrets.token_hex(4)}")
    growing.mkdir()
    try:
        for member, pieces in _walk(Path(path), limits):
            _write(growing / member.name, pieces, f"{path}, {member.name}")
        growing.rename(into)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return into


def contents_sha256(path: str | Path, *, limits: Limits = STANDARD) -> str:
    """A hash of what an archive holds, however it is packed.

    It is the SHA-256 of the text with one line `<sha256>  <name>` per file, sorted by name.
    """
    lines = []
    for member, pieces in _walk(Path(path), limits):
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        lines.append((member.name, digest.hexdigest()))
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in sorted(lines)).encode()).hexdigest()


def _walk(path: Path, limits: Limits) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """Every regular file of an archive, with its content in pieces that must be read before the next step."""
    seen: set[str] = set()
    with _damage_told(path), path.open("rb") as raw:
        beginning = raw.read(4)
        raw.seek(0)
        allowance = _Allowance(path, limits)
        walk = _walk_zip if beginning in (b"PK\x03\x04", b"PK\x05\x06") else _walk_tar
        for member, file in walk(raw, allowance):
            if member.name in seen:
                raise DataError(f"two members are called '{member.name}'", where=str(path))
            seen.add(member.name)
            yield member, _pieces(file, path)


def _walk_tar(raw: BinaryIO, allowance: _Allowance) -> Iterator[tuple[Member, Readable]]:
    # Everything is counted that leaves the decompressor: contents, headers, and members nobody reads.
    stream = _Measured(decompressed(raw), allowance)
    with tarfile.open(fileobj=stream, mode="r|", bufsize=_PIECE) as tar:  # type: ignore[call-overload]
        for info in tar:
            allowance.admit()
            if info.isdir():
                continue
            if not info.isreg() or info.issparse() or info.size < 0:
                raise allowance.refusal(f"the member '{info.name}' is a link, a device or sparse, not a plain file")
            content = tar.extractfile(info)
            if content is not None:
                yield Member(allowance.checked_name(info.name), info.size), content


def _walk_zip(raw: BinaryIO, allowance: _Allowance) -> Iterator[tuple[Member, Readable]]:
    with zipfile.ZipFile(raw) as packed:
        for info in packed.infolist():
            allowance.admit()
            if info.is_dir():
                continue
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                raise allowance.refusal(f"the member '{info.filename}' is a link or a device, not a plain file")
            if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise allowance.refusal(f"the member '{info.filename}' is encrypted or not deflated")
            with packed.open(info) as content:
                yield Member(allowance.checked_name(info.orig_filename), info.file_size), _Measured(content, allowance)


_PIECE = 2**16
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    OSError,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    UnicodeError,
    NotImplementedError,
    OverflowError,
)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DataError("there is no such archive", where=str(path)) from error
    except _DAMAGE as error:
        raise DataError(f"the archive is damaged or of an unknown kind: {error}", where=str(path)) from error


def _pieces(file: Readable, path: Path) -> Iterator[bytes]:
    with _damage_told(path):
        while piece := file.read(_PIECE):
            yield piece


def _write(target: Path, pieces: Iterator[bytes], where: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.writelines(pieces)
    except (FileExistsError, NotADirectoryError) as error:
        raise DataError("a member has the place of another one on this file system", where=where) from error


class _Allowance:
    """How much of its limits one pass over one archive has used."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self.packed = path.stat().st_size
        self.bytes = 0
        self.members = 0

    def spend(self, count: int) -> None:
        self.bytes += count
        if self.bytes > self.limits.bytes:
            raise self.refusal(f"the archive holds more than {self.limits.bytes:,} bytes")
        if self.bytes > self.limits.spared + self.limits.ratio * self.packed:
            raise self.refusal(f"the archive grows to more than {self.limits.ratio:g} times its size")

    def admit(self) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise self.refusal(f"the archive holds more than {self.limits.members:,} members")

    def checked_name(self, name: str) -> str:
        if not is_inside(name):
            raise self.refusal(f"the member {name!r} leaves the folder of the archive")
        return str(PurePosixPath(name))

    def refusal(self, problem: str) -> DataError:
        return DataError(problem, where=str(self.path), fix="do not trust this archive; if you do, unpack it yourself")


class _Measured:
    """A file whose every byte is counted."""

    def __init__(self, file: Readable, allowance: _Allowance) -> None:
        self.file = file
        self.allowance = allowance

    def read(self, size: int, /) -> bytes:
        data = self.file.read(size)
        self.allowance.spend(len(data))
        return data
