"""What kind of values a column holds, and why it is taken for that."""

from __future__ import annotations

import datetime
import decimal
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean as mean

import numpy as np
import pandas as pd

from salience.data.number import Notation, is_mark, notation_of

# A few odd cells do not change what a column is; they are errors where the column is used.
_MOST = 0.95
# Cells looked at where every cell would be slow and a part of them tells as much.
_SAMPLE = 2000
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3040-\u30ff]")
_LETTER = re.compile(r"[^\W_]")
_DATE = re.compile(
    r"\d{4}(-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.|年\d{1,2}月)\d{1,2}日?([ T]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
)
_ID_NAME = re.compile(
    r"(?i:(.*[_\- ])?(id|uuid|guid)s?|key|hash|index|unnamed: \d+|__index_level_\d+__)|.*[a-z](Id|ID)"
)
_PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"0", "1"}, {"是", "否"})
_SEPARATORS = ("|", ";")
_SCALARS = (str, int, float, bool, decimal.Decimal, datetime.date, datetime.time, datetime.timedelta)


@dataclass(frozen=True)
class Kind:
    """The kind of a column: text, categorical, numeric, boolean, date, id, constant, empty, labels or nested."""

    name: str
    reason: str
    chinese: bool = False
    """Is the text Chinese, so that it has no spaces between words?"""
    separator: str | None = None
    """What separates the labels within one cell; None if cells are lists."""


def kind_of(cells: pd.Series) -> Kind:
    """The kind of a column from `salience.data.table.read`, by its values and, for ids, its name."""
    values = [value for value in cells if value is not None]
    containers = _containers(values)
    if containers is not None:
        return containers
    texts = [text for value in values if (text := str(value).strip())]
    if not texts:
        return Kind("empty", "no cell holds a value")
    column = _Texts(str(cells.name), texts)
    rules: tuple[Callable[[_Texts], Kind | None], ...] = (_constant, _boolean, _numeric, _date, _id, _labels, _category)
    return next((kind for rule in rules if (kind := rule(column)) is not None), _text(column))


def numbers_of(texts: Iterable[str], notation: Notation | None = None) -> np.ndarray:
    """Texts as numbers, by default plain ones; NaN where one is not a finite number."""
    given = np.array(list(texts), dtype=object)
    numbers = np.asarray(pd.to_numeric(given, errors="coerce"), dtype=float)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    if notation is None:
        return numbers
    # With a point before decimals, what is a plain number is read already.
    others = np.flatnonzero(np.isnan(numbers) | (notation != Notation()))
    numbers[others] = [np.nan if (number := notation.read(given[i])) is None else number for i in others]
    return numbers


class _Texts:
    """The cells of a column that are not missing, stripped."""

    def __init__(self, name: str, cells: list[str]) -> None:
        self.name = name
        self.cells = cells
        self.counts = Counter(cells)
        self.sample = cells[:: -(-len(cells) // _SAMPLE)]
        self.length = mean(map(len, self.sample))
        self.words = mean(max(1, len(text.split())) for text in self.sample)

    def share(self, holds: Callable[[str], object]) -> float:
        """Share of the sample for which something holds."""
        return mean(bool(holds(text)) for text in self.sample)


def _containers(values: list[object]) -> Kind | None:
    """Lists of labels, or values that no single cell of a table can show."""
    types = set(map(type, values))
    if all(issubclass(each, _SCALARS) for each in types):
        return None
    lists = [value for value in values if isinstance(value, list | tuple | set | frozenset)]
    if len(lists) == len(values) and all(isinstance(item, str | int) for each in lists for item in each):
        return Kind("labels", "cells are lists of labels")
    return Kind("nested", f"cells are values of type {', '.join(sorted(each.__name__ for each in types))}")


def _constant(column: _Texts) -> Kind | None:
    if len(column.counts) > 1 or len(column.cells) == 1:
        return None
    return Kind("constant", f"always {_short(column.cells[0])}")


def _boolean(column: _Texts) -> Kind | None:
    if len(column.counts) > 6 or {each.casefold() for each in column.counts} not in _PAIRS:
        return None
    return Kind("boolean", f"only {' and '.join(map(_short, sorted(column.counts)))}")


def _numeric(column: _Texts) -> Kind | None:
    sample = [text for text in column.sample if not is_mark(text)]
    notation = notation_of(sample)
    if not sample or np.isfinite(numbers_of(sample, notation)).mean() < _MOST:
        return None
    cells = [text for text in column.cells if not is_mark(text)]
    numbers = numbers_of(cells, notation)
    known = numbers[np.isfinite(numbers)]
    if _ID_NAME.fullmatch(column.name) or (len(known) > 2 and bool((np.diff(numbers) == 1).all())):
        return Kind("id", f"numbers that name something, from {known.min():.16g} to {known.max():.16g}")
    odd = len(numbers) - len(known)
    marks = len(column.cells) - len(cells)
    others = f"; {odd:,} of {len(numbers):,} cells are no numbers" if odd else ""
    others += f"; {marks:,} say that none is known, such as {_short(_first(column.cells, is_mark))}" if marks else ""
    other = np.isfinite(numbers_of(sample, notation)) & np.isnan(numbers_of(sample))
    written = f", written as {_short(sample[other.argmax()])}" if other.any() else ""
    reason = f"{len(np.unique(known)):,} different numbers from {known.min():g} to {known.max():g}{written}{others}"
    return Kind("numeric", reason)


def _date(column: _Texts) -> Kind | None:
    known = [text for text in column.sample if not is_mark(text)]
    if not known or mean(bool(_DATE.fullmatch(text)) for text in known) < _MOST:
        return None
    return Kind("date", f"dates such as {_short(known[0])}")


def _id(column: _Texts) -> Kind | None:
    if column.length > 64 or column.words > 3:
        return None
    if _ID_NAME.fullmatch(column.name):
        return Kind("id", f"short codes such as {_short(column.cells[0])}")
    unique = len(column.counts) == len(column.cells) > 2
    # A text in Chinese has no spaces either.
    if (
        unique
        and column.words == 1
        and column.share(str.isascii) > _MOST
        and column.share(re.compile(r"\d").search) > 0.8
    ):
        return Kind("id", f"another code in every row, such as {_short(column.cells[0])}")
    return None


def _labels(column: _Texts) -> Kind | None:
    """Cells such as `a|b|c` whose parts repeat."""
    for separator in _SEPARATORS:
        if column.length > 200 or column.share(re.compile(re.escape(separator)).search) < 0.05:
            continue
        parts = Counter(part.strip() for cell in column.cells for part in cell.split(separator))
        if len(parts) <= parts.total() / 2 and mean(map(len, parts)) <= 30:
            return Kind("labels", f"cells hold labels separated by '{separator}'", separator=separator)
    return None


def _category(column: _Texts) -> Kind | None:
    # In bytes, so that a Chinese character weighs as much as three letters.
    size = mean(len(text.encode("utf-8", "surrogatepass")) for text in column.sample)
    if len(column.counts) > len(column.cells) / 2 or column.words > 3 or size > 30:
        return None
    return Kind("categorical", f"{len(column.counts):,} different values in {len(column.cells):,} cells")


def _text(column: _Texts) -> Kind:
    together = "".join(text[:1000] for text in column.sample)
    letters = max(1, len(_LETTER.findall(together)))
    han, kana = len(_HAN.findall(together)) / letters, len(_KANA.findall(together)) / letters
    reason = f"{len(column.counts):,} different texts of {column.length:.0f} characters on average"
    # Japanese mixes Han characters with kana.
    if han < 0.3 or kana > 0.05:
        return Kind("text", reason)
    return Kind("text", f"{reason}, Chinese ({han:.0%} of the letters)", chinese=True)


def _first(texts: Iterable[str], holds: Callable[[str], object]) -> str:
    return next(text for text in texts if holds(text))


def _short(text: str) -> str:
    return f"'{text}'" if len(text) <= 30 else f"'{text[:27]}...'"
