"""The bytes inside a gzip or xz file, in bounded memory."""

from __future__ import annotations

import gzip
import lzma
from typing import BinaryIO, Protocol


class Readable(Protocol):
    """Anything that gives at most `size` bytes at a time, and none at its end."""

    def read(self, size: int, /) -> bytes: ...


def decompressed(raw: BinaryIO) -> Readable:
    """The content of a gzip or xz file, recognised by its first bytes; any other file as it is."""
    beginning = raw.read(6)
    raw.seek(0)
    if beginning.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)
    if beginning == b"\xfd7zXZ\x00":
        return _Xz(raw)
    return raw


class _Xz:
    """An xz file, decompressed in bounded memory: a header can ask for 4 GiB, and `lzma.open` would obey."""

    def __init__(self, raw: BinaryIO) -> None:
        self.raw = raw
        self.stream = self._new_stream()

    def read(self, size: int, /) -> bytes:
        while True:
            fresh = self.stream.unused_data if self.stream.eof else b""
            if self.stream.needs_input or (self.stream.eof and not fresh):
                fresh = self.raw.read(_PIECE)
                if not fresh and not self.stream.eof:
                    raise EOFError("the xz data end too early")
            if self.stream.eof:
                # Streams may follow each other, with zero bytes between them.
                if not (fresh := fresh.lstrip(b"\0")):
                    return b""
                self.stream = self._new_stream()
            if data := self.stream.decompress(fresh, size):
                return data

    @staticmethod
    def _new_stream() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=2**28)


_PIECE = 2**16
