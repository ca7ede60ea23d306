"""A text file, plain or gzip, as lines of text whose faults have a name.

Bytes that do not belong to the encoding are kept as lone surrogates while the file is cut into rows, so that the row
and the cell they stand in can be told: see `unreadable`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from salience.core.errors import ConfigError, DataError

# The longest mark comes first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"PK\x03\x04", "a zip or Excel file", "export it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "export it as CSV"),
    (b"PAR1", "a Parquet file", "let its name end in .parquet"),
    (b"\x1f\x8b", "compressed by gzip", "let its name end in .gz"),
    (b"BZh", "compressed by bzip2", "unpack it first"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it first"),
    (b"%PDF", "a PDF document", "export its table as CSV"),
    (b"\x89PNG", "an image", "give a table"),
    (b"\xff\xd8\xff", "an image", "give a table"),
    (b"SQLite format 3", "a database", "export a table as CSV"),
)
_HEAD = 4096
# A text has hardly any control characters; a file of numbers or pixels is full of them.
_BINARY_SHARE = 0.05
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


@contextmanager
def open_text(path: Path, *, encoding: str | None = None) -> Iterator[io.TextIOWrapper]:
    """Open a text file; iterate over it for its lines, line ends kept.

    UTF-8 is expected; a byte order mark of UTF-8, UTF-16 or UTF-32 is recognised, and `encoding` overrides.

    Raises:
        DataError: the file cannot be opened, is binary, or its gzip stream is damaged (also while reading).
        ConfigError: there is no such encoding.
    """
    chosen = None if encoding is None else _known_encoding(encoding)
    name = path.name
    try:
        with _open_bytes(path) as raw:
            head = raw.read(_HEAD)
            raw.seek(0)
            yield io.TextIOWrapper(
                raw, encoding=chosen or _encoding_of(head, name), errors="surrogateescape", newline=""
            )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"the compressed file is cut off or damaged ({error})", where=name, fix="download or compress it again"
        ) from error
    except UnicodeError as error:
        raise DataError(
            f"the bytes are not {chosen or 'what the mark at its start says'} ({error})",
            where=name,
            fix="pass the right encoding=, for example encoding='utf-8'",
        ) from error
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror or error})", where=name) from error


def unreadable(text: str, encoding: str) -> tuple[str, str] | None:
    """What is wrong with a text that came out of `open_text`, and the remedy; None if nothing is."""
    if "\0" in text:
        return "a NUL character", "remove it; a file full of them may be UTF-16: pass encoding='utf-16-le'"
    if text.isascii() or _encodable(text):
        return None
    start = next(index for index, each in enumerate(text) if "\ud800" <= each <= "\udfff")
    if not "\udc80" <= text[start] <= "\udcff":
        return f"half a character (U+{ord(text[start]):04X})", "replace it"
    if encoding.startswith(("utf-16", "utf-32")):
        return f"bytes that are not {encoding}", "the file may be cut off, or have another encoding: pass encoding="
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    place = len(text[:start].encode(encoding, "surrogateescape"))
    problem = f"byte 0x{ord(text[start]) - 0xDC00:02x} at position {place} of the cell is not {encoding}"
    return problem, f"pass encoding=, for example encoding='{_likely_encoding(text, encoding)}'"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _likely_encoding(text: str, wrong: str) -> str:
    """GB18030 if bytes beyond ASCII stand together and read as Chinese in it, else the Western code page."""
    raw = text.encode(wrong, "surrogateescape")
    together = sum(map(len, re.findall(rb"[\x80-\xff]{4,}", raw)))
    chinese = re.findall("[\u4e00-\u9fff]", raw.decode("gb18030", "replace"))
    beyond_ascii = sum(byte > 127 for byte in raw)
    return "gb18030" if together > beyond_ascii / 2 and 2 * len(chinese) > beyond_ascii / 2 else "cp1252"


@contextmanager
def _open_bytes(path: Path) -> Iterator[BinaryIO]:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            yield cast(BinaryIO, file)
    else:
        with path.open("rb") as plain:
            yield plain


def _known_encoding(encoding: str) -> str:
    try:
        "".encode(encoding)
    except (LookupError, ValueError) as error:
        raise ConfigError(
            f"there is no text encoding '{encoding}'", fix="for example 'utf-8', 'gb18030', 'cp1252' or 'utf-16'"
        ) from error
    name = codecs.lookup(encoding).name
    return "utf-8-sig" if name == "utf-8" else name


def _encoding_of(head: bytes, name: str) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    for signature, what, fix in _SIGNATURES:
        if head.startswith(signature):
            raise DataError(f"the file is {what}, not a text", where=name, fix=fix)
    control = len(head) - len(head.translate(None, _CONTROL))
    if 0 in head and control > _BINARY_SHARE * len(head):
        raise DataError("the file is binary, not a text", where=name, fix=_remedy_for_binary(head))
    return "utf-8-sig"


def _remedy_for_binary(head: bytes) -> str:
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0.3 * len(head) / 2 and min(even, odd) < 0.1 * max(even, odd):
        return f"it looks like UTF-16: pass encoding='{'utf-16-be' if even > odd else 'utf-16-le'}'"
    return "give a table as CSV, TSV, JSONL or Parquet"
