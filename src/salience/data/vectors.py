"""Word vectors from a text file in the format of GloVe or word2vec."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from salience.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of those words that a file has. Legend: F words found, W numbers per word."""

    rows: np.ndarray  # [F] int64, ids of the words, ascending
    values: np.ndarray  # [F, W] float32


def read_vectors(path: str | Path, ids: Mapping[str, int]) -> Vectors:
    """Read the vectors of the words in `ids`, in one pass, holding no others in memory.

    A line is a word and its numbers, separated by single spaces; word2vec's first line (how many words, how many
    numbers) may be there or not. The file is UTF-8, and compressed if its name ends in `.gz`. If a word comes twice,
    the first counts.

    Raises:
        DataError: no such file, a line that cannot be read (with its number), fewer lines than the first line promises,
            or none of the words is there.
    """
    path = Path(path)
    found: dict[int, np.ndarray] = {}
    for where, word, numbers in _lines(path):
        number = ids.get(word)
        if number is not None and number not in found:
            found[number] = _parse(numbers, where)
    if not found:
        raise DataError(
            f"none of the {len(ids):,} words of the vocabulary is in the file of word vectors",
            where=str(path),
            fix="take vectors of the same language; words are looked up as the vocabulary spells them (lower case)",
        )
    rows = sorted(found)
    return Vectors(np.array(rows, dtype=np.int64), np.stack([found[row] for row in rows]))


def _lines(path: Path) -> Iterator[tuple[str, str, list[bytes]]]:
    """Where each line stands, its word, and its numbers."""
    width = promised = None
    count = 0
    for number, line in enumerate(_raw(path), start=1):
        where = f"{path}, line {number}"
        fields = line.rstrip(b" \r\n").rsplit(b" ", -1 if width is None else width)
        if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
            promised, width = int(fields[0]), int(fields[1])
            continue
        width = len(fields) - 1 if width is None else width
        if width < 1 or len(fields) != width + 1:
            raise DataError(
                f"expected a word and {max(width, 1)} numbers", where=where, fix="repair or remove the line"
            )
        count += 1
        yield where, _decode(fields[0], where), fields[1:]
    if promised is not None and count < promised:
        raise DataError(f"expected {promised:,} words and found {count:,}", where=str(path), fix="fetch the file again")


def _raw(path: Path) -> Iterator[bytes]:
    """The lines of the file as bytes: words may hold unusual spaces, which must not split them."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            yield from file
    except FileNotFoundError as error:
        raise DataError("there is no such file of word vectors", where=str(path), fix="check the path") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"cannot decompress it ({error})", where=str(path), fix="fetch the file again") from error


def _decode(word: bytes, where: str) -> str:
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError("the word is not UTF-8", where=where, fix="convert the file to UTF-8") from error


def _parse(numbers: list[bytes], where: str) -> np.ndarray:
    try:
        values = np.array([float(each) for each in numbers], dtype=np.float32)
    except ValueError as error:
        raise DataError(
            f"expected numbers after the word ({error})", where=where, fix="repair or remove the line"
        ) from error
    if not np.isfinite(values).all():
        raise DataError("a number is not finite", where=where, fix="repair or remove the line")
    return values
