"""From a file, a data frame or mappings to frames of one form: Python values, None where missing, an id per row.

The index holds row ids as texts. For files and sequences it is the number of the data row, counted from 1 and never
renumbered, so that an error or an output can name the row; for a frame it is the index that came with it.
"""

from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.data.delimited import delimited_rows
from salience.data.fault import BadRows, check_names
from salience.data.json_lines import json_rows
from salience.data.mend import mended
from salience.data.parquet import parquet_rows

Source = str | os.PathLike[str] | pd.DataFrame | Sequence[Mapping[str, object]]
Rows = Iterator[tuple[int, Mapping[str, object]]]

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_JSON_LINES = (".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
# Rows held in both forms while they are turned into columns.
_BLOCK = 1024
_ENDINGS = (*_DELIMITERS, *_JSON_LINES, *_PARQUET)


def read(
    source: Source,
    *,
    encoding: str | None = None,
    columns: Sequence[str] | None = None,
    on_bad_rows: str = "raise",
) -> pd.DataFrame:
    """Read a whole table.

    Args:
        source: a CSV, TSV, JSONL or Parquet file (the text kinds also as .gz), a data frame, or a sequence of mappings.
        encoding: of a text file; by default UTF-8, or what its byte order mark says.
        columns: the names of the columns of a CSV or TSV file that has no header.
        on_bad_rows: `"raise"`, or `"skip"` to keep (row, reason) pairs in `frame.attrs["bad_rows"]` instead.

    Returns:
        A frame of Python values (of CSV and TSV: texts), None where a cell is missing. `attrs` holds `source` (a
        name for errors), `notes` (sentences about the file) and `bad_rows`.

    Raises:
        DataError: the file or one of its rows cannot be read; the text names file, row and column.
        ConfigError: an option has no such value.

    >>> read([{"text": "good", "label": 1}, {"text": "bad"}]).to_dict("index")
    {'1': {'text': 'good', 'label': 1}, '2': {'text': 'bad', 'label': None}}
    """
    (frame,) = _frames(source, None, _Options(encoding, columns, on_bad_rows))
    return frame


def stream(
    source: Source,
    *,
    chunk: int = 1024,
    encoding: str | None = None,
    columns: Sequence[str] | None = None,
    on_bad_rows: str = "raise",
) -> Iterator[pd.DataFrame]:
    """Read a table as frames of at most `chunk` rows; memory does not grow with the file. See `read`.

    A frame of a JSONL file has the keys met so far as columns. Each frame carries the bad rows found since the one
    before it.
    """
    if chunk < 1:
        raise ConfigError(f"chunk is {chunk}; it counts rows", fix="give a number above 0")
    return _frames(source, chunk, _Options(encoding, columns, on_bad_rows))


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """One column of a frame.

    Raises:
        DataError: there is no such column.
    """
    if name not in frame.columns:
        raise DataError(
            f"there is no column '{name}'", where=source_of(frame), fix=did_you_mean(name, map(str, frame.columns))
        )
    return frame[name]


def check_form(frame: pd.DataFrame) -> None:
    """A frame must have the form that `read` gives it.

    Raises:
        DataError: a column does not hold Python values.
    """
    other = [str(name) for name, kind in frame.dtypes.items() if not pd.api.types.is_object_dtype(kind)]
    if other:
        raise DataError(
            f"the columns {', '.join(other)} do not have the form that read() gives them",
            where=source_of(frame),
            fix="call read(frame) first, also after adding a column",
        )


def source_of(frame: pd.DataFrame) -> str:
    """The name of the file a frame came from, for errors."""
    return str(frame.attrs.get("source", "the table"))


@dataclass(frozen=True)
class _Options:
    encoding: str | None
    columns: Sequence[str] | None
    on_bad_rows: str


@dataclass
class _Table:
    """A source that was understood: its rows, and what there is to say about them."""

    rows: Rows
    bad: BadRows
    notes: list[str] = field(default_factory=list)


def _frames(source: Source, chunk: int | None, options: _Options) -> Iterator[pd.DataFrame]:
    if isinstance(source, pd.DataFrame):
        _refuse(options, "a data frame", "encoding", "columns")
        return _slices(_same_form(source), chunk)
    return _chunks(_table(source, options), chunk)


def _table(source: Source, options: _Options) -> _Table:
    if isinstance(source, str | os.PathLike):
        return _file(Path(os.path.expanduser(source)), options)
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise DataError(
            f"cannot read a table from a {type(source).__name__}",
            fix="give a path, a pandas.DataFrame, or a sequence with one mapping per row",
        )
    _refuse(options, "a sequence", "encoding", "columns")
    bad = BadRows("the rows", options.on_bad_rows)
    return _Table(_mappings(source, bad), bad)


def _file(path: Path, options: _Options) -> _Table:
    kind = Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    try:
        _check_file(path, kind)
    except OSError as error:
        raise DataError(f"the path cannot be followed ({error.strerror})", where=f"{path!s:.60}") from error
    bad, notes = BadRows(path.name, options.on_bad_rows), list[str]()
    if kind in _DELIMITERS:
        rows: Rows = delimited_rows(
            path, _DELIMITERS[kind], encoding=options.encoding, columns=options.columns, bad=bad, notes=notes
        )
    elif kind in _JSON_LINES:
        _refuse(options, "a JSONL file", "columns")
        rows = json_rows(path, encoding=options.encoding, bad=bad)
    else:
        _refuse(options, "a Parquet file", "encoding", "columns")
        rows = parquet_rows(path)
    return _Table(rows, bad, notes)


def _refuse(options: _Options, kind: str, *names: str) -> None:
    """An option without effect is a mistake of the caller."""
    given = [name for name in names if getattr(options, name) is not None]
    if given:
        raise ConfigError(f"{' and '.join(given)} cannot be chosen for {kind}", fix="leave it out")


def _check_file(path: Path, kind: str) -> None:
    if path.is_dir():
        inside = sorted(each.name for each in path.iterdir() if each.name.lower().endswith((*_ENDINGS, ".gz")))
        fix = f"give one of its files: {', '.join(inside[:5])}" if inside else "give a file"
        raise DataError("this is a folder, not a file", where=str(path), fix=fix)
    if not path.exists():
        raise DataError("there is no such file", where=str(path), fix=_nearby(path))
    if kind not in _ENDINGS or (kind in _PARQUET and path.suffix.lower() == ".gz"):
        fix = f"let the name end in one of {', '.join(_ENDINGS)}; the text kinds also with .gz"
        raise DataError(f"cannot tell from the name what kind of table '{path.name}' is", where=str(path), fix=fix)


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the path: there is no folder '{path.parent}' either"
    names = [each.name for each in path.parent.iterdir() if each.is_file()]
    near = difflib.get_close_matches(path.name, names, n=3)
    return did_you_mean(path.name, near) if near else "check the path"


def _mappings(rows: Iterable[object], bad: BadRows) -> Rows:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            bad.add(number, f"expected a mapping from column to value, got {type(row).__name__}")
            continue
        yield number, {name: _python(value) for name, value in row.items()}


def _python(value: object) -> object:
    """The Python value of a NumPy scalar or array."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _chunks(table: _Table, chunk: int | None) -> Iterator[pd.DataFrame]:
    """Frames of the rows. The last one waits until the end is reached, to carry the bad rows found on the way there."""
    names: dict[str, None] = {}
    waiting: pd.DataFrame | None = None
    while True:
        numbers, cells = _collect(table, chunk, names)
        found = table.bad.take()
        if not numbers:
            break
        if waiting is not None:
            yield waiting
        waiting = _frame(numbers, cells)
        waiting.attrs = {"source": table.bad.source, "notes": list(table.notes), "bad_rows": found}
        names = dict.fromkeys(cells)
    if waiting is None:
        raise _without_rows(found, table.bad.source)
    waiting.attrs["bad_rows"] += found
    yield waiting


def _without_rows(bad_rows: list[tuple[str, str]], source: str) -> DataError:
    if bad_rows:
        (row, reason), *_ = bad_rows
        return DataError(f"none of the {len(bad_rows)} rows can be read; row {row}: {reason}", where=source)
    return DataError("the table has no rows", where=source, fix="give at least one row of data")


def _collect(table: _Table, limit: int | None, names: Iterable[str]) -> tuple[list[str], dict[str, list[object]]]:
    numbers: list[str] = []
    cells: dict[str, list[object]] = {name: [] for name in names}
    rows = itertools.islice(table.rows, limit)
    while block := list(itertools.islice(rows, _BLOCK)):
        met = dict.fromkeys(itertools.chain.from_iterable(row for _, row in block))
        if not met.keys() <= cells.keys():
            check_names(list(met), f"{table.bad.source}, columns")
            cells |= {name: [None] * len(numbers) for name in met if name not in cells}
        for name, values in cells.items():
            values += [row.get(name) for _, row in block]
        numbers += [str(number) for number, _ in block]
    return numbers, cells


def _frame(ids: Sequence[str], cells: Mapping[str, Iterable[object]]) -> pd.DataFrame:
    index = pd.Index(list(ids), name="row")
    return pd.DataFrame({name: _objects(list(values)) for name, values in cells.items()}, index=index, dtype=object)


def _objects(values: list[object]) -> np.ndarray:
    """A 1-D array of the values, with None for every kind of missing one, and texts that can be written again."""
    made = np.empty(len(values), dtype=object)
    made[:] = [mended(value) if isinstance(value, str) else value for value in values]
    made[pd.isna(made)] = None
    return made


def _same_form(source: pd.DataFrame) -> pd.DataFrame:
    check_names(list(source.columns), f"{source_of(source)}, columns")
    if source.empty:
        raise _without_rows([], source_of(source))
    ids = [str(label) for label in source.index]
    if len(set(ids)) < len(ids):
        ids = [str(number) for number in range(1, len(ids) + 1)]
    frame = _frame(ids, {name: map(_python, source[name].astype(object)) for name in source.columns})
    frame.attrs = {"source": source_of(source), "notes": [], "bad_rows": []} | source.attrs
    return frame


def _slices(frame: pd.DataFrame, chunk: int | None) -> Iterator[pd.DataFrame]:
    size = chunk or len(frame)
    for start in range(0, len(frame), size):
        yield frame.iloc[start : start + size]
