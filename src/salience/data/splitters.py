"""Ways to say which side a row is on: by hash, in even shares of each class, by a column, by time, by group."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from salience.core.errors import ConfigError, DataError
from salience.core.seed import derive
from salience.data.fault import where
from salience.data.infer import Inference, parse_targets
from salience.data.kind import numbers_of
from salience.data.same import folded
from salience.data.stamps import read_stamps
from salience.data.table import column, source_of
from salience.data.target import NUMBERS, Listed

__all__ = ["ByBorders", "ByColumn", "ByGroup", "ByHash", "ByTime", "Stratified"]

SIDES = ("train", "validation", "test")
_NAMES = {
    **dict.fromkeys(("train", "training"), 0),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), 1),
    **dict.fromkeys(("test", "testing"), 2),
}
_USUAL = (0.8, 0.1, 0.1)
_QUANTILES = 5


class Splitter(ABC):
    """A way to divide rows."""

    @abstractmethod
    def sides(self, frame: pd.DataFrame, inference: Inference) -> tuple[Int[np.ndarray, "N"], str]:
        """The side of each row (0 train, 1 validation, 2 test), and in words how it was chosen."""


@dataclass(frozen=True)
class ByHash(Splitter):
    """By SHA-256 of an id, or of the input texts: a row is on the same side in every file and on every machine.

    Without `id_column`, texts that differ at most in capitals and white space are on one side.

    Args:
        id_column: the column whose values are hashed; the input texts by default.
        fractions: shares of train, validation and test; their sum is 1.
    """

    id_column: str | None = None
    fractions: Sequence[float] = _USUAL

    def __post_init__(self) -> None:
        _check(self.fractions)

    def sides(self, frame: pd.DataFrame, inference: Inference) -> tuple[Int[np.ndarray, "N"], str]:
        if self.id_column is None:
            keys, of = folded(frame, inference.inputs), "the input text"
        else:
            keys, of = _given(frame, self.id_column), f"'{self.id_column}'"
        return cut(hashed(keys), self.fractions), f"{shares(self.fractions)}, by a hash of {of}"


@dataclass(frozen=True)
class Stratified(Splitter):
    """At random, with each class (or fifth of the range of a number) in the same shares on every side.

    A row with several labels counts for its rarest one. Texts that differ at most in capitals and white space stay on
    one side, and each class has a row in train.

    Args:
        fractions: shares of train, validation and test; their sum is 1.
        seed: equal seeds divide equal rows equally.
    """

    fractions: Sequence[float] = _USUAL
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self.fractions)

    def sides(self, frame: pd.DataFrame, inference: Inference) -> tuple[Int[np.ndarray, "N"], str]:
        group = pd.factorize(np.array(folded(frame, inference.inputs), dtype=object))[0]
        _, first, size = np.unique(group, return_index=True, return_counts=True)
        stratum = _strata(parse_targets(frame, inference), inference.task)[first]
        order = np.random.default_rng(derive(self.seed, "split")).permutation(len(first))
        order = order[np.argsort(stratum[order], kind="stable")]
        side = _dealt(order, stratum, size, self.fractions)
        how = f"{shares(self.fractions)}, stratified by '{inference.target}' with seed {self.seed}; "
        return side[group], how + "rows of the same text stay together"


@dataclass(frozen=True)
class ByColumn(Splitter):
    """By a column that names the side: train, validation (valid, val, dev) or test.

    If no row is named validation, a tenth of train is taken for it by a hash of the text.

    Args:
        column: the column that names the sides.
    """

    column: str

    def sides(self, frame: pd.DataFrame, inference: Inference) -> tuple[Int[np.ndarray, "N"], str]:
        cells = column(frame, self.column)
        named = [side_of(cell) for cell in cells]
        if None in named:
            row = named.index(None)
            raise DataError(
                f"expected train, validation or test, got {cells.iloc[row]!r}",
                where=where(source_of(frame), row=frame.index[row], column=self.column),
                fix="correct the cell, or divide in another way",
            )
        sides, how = np.array(named), f"as the column '{self.column}' says"
        if 1 in named:
            return sides, how
        held_back = hashed(folded(frame, inference.inputs)) < 0.1
        sides[(sides == 0) & held_back] = 1
        return sides, f"{how}; it names no validation rows, so a tenth of train was taken by a hash of the text"


@dataclass(frozen=True)
class ByTime(Splitter):
    """The earliest rows are train, the latest test. Rows of the same time stay on one side.

    Times are numbers, or dates as ISO 8601 writes them: 2024-01-31, 2024-01-31T12:30:00Z.

    Args:
        column: the column of times.
        fractions: shares of train, validation and test; their sum is 1.
    """

    column: str
    fractions: Sequence[float] = _USUAL

    def __post_init__(self) -> None:
        _check(self.fractions)

    def sides(self, frame: pd.DataFrame, inference: Inference) -> tuple[Int[np.ndarray, "N"], str]:  # noqa: ARG002
        times = _times(frame, self.column)
        _, moment, count = np.unique(times, return_inverse=True, return_counts=True)
        before = np.cumsum(count) - count
        side = cut(before / len(frame), self.fractions)
        return side[moment], f"{shares(self.fractions)}, from the earliest '{self.column}' to the latest"


@dataclass(frozen=True)
class ByBorders(Splitter):
    """Before the first border is train, from the second on is test, and validation lies between.

    Args:
        column: the column of times: numbers, or dates as ISO 8601 writes them.
        borders: where validation begins, where test begins, and, if there is a third, where test ends; later rows are
            on no side.
    """

    column: str
    borders: Sequence[str | float]

    def __post_init__(self) -> None:
        if len(self.borders) not in (2, 3):
            raise ConfigError(
                f"expected two or three borders, got {list(self.borders)!r}",
                where="ByBorders",
                fix="say where validation begins, where test begins, and perhaps where test ends",
            )

    @property
    def how(self) -> str:
        """In words how the rows are divided."""
        validation, test, *end = self.borders
        until = f" and ends before {end[0]}" if end else ""
        return f"validation begins at {validation}, test begins at {test}{until}, by '{self.column}'"

    def sides(self, frame: pd.DataFrame, inference: Inference) -> tuple[Int[np.ndarray, "N"], str]:  # noqa: ARG002
        stamps = read_stamps(column(frame, self.column), source_of(frame))
        return np.searchsorted(self.numbers(dates=stamps.dates), stamps.times, side="right"), self.how

    def numbers(self, *, dates: bool) -> list[float]:
        """The borders on the clock of the column.

        Raises:
            ConfigError: one is no time stamp of the kind that the column holds, or they do not ascend.
        """
        cells = pd.Series(list(self.borders), dtype=object, name=self.column)
        try:
            found = read_stamps(cells, "the borders")
        except DataError as error:
            raise ConfigError(error.problem, where="ByBorders", fix=error.fix) from error
        if found.dates != dates or (np.diff(found.times) <= 0).any():
            raise ConfigError(
                f"the borders {list(self.borders)} do not ascend, or are no {'dates' if dates else 'numbers'}",
                where="ByBorders",
                fix="give them in order, as the column has them",
            )
        return found.times.tolist()


@dataclass(frozen=True)
class ByGroup(Splitter):
    """All rows of a group (a user, a film) on one side, by SHA-256 of its name. Shares hold for many groups only.

    Args:
        column: the column that names the group.
        fractions: shares of train, validation and test; their sum is 1.
    """

    column: str
    fractions: Sequence[float] = _USUAL

    def __post_init__(self) -> None:
        _check(self.fractions)

    def sides(self, frame: pd.DataFrame, inference: Inference) -> tuple[Int[np.ndarray, "N"], str]:  # noqa: ARG002
        share = cut(hashed(_given(frame, self.column)), self.fractions)
        return share, f"{shares(self.fractions)} of the groups in '{self.column}', by hash"


def side_of(cell: object) -> int | None:
    """The number of the side that a cell names; None if it names none."""
    return _NAMES.get(str(cell).strip().lower())


def _check(fractions: Sequence[float]) -> None:
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ConfigError(
            f"the fractions of train, validation and test are {tuple(fractions)}",
            fix="give three numbers above 0 whose sum is 1, for example (0.8, 0.1, 0.1)",
        )


def shares(fractions: Sequence[float]) -> str:
    """Fractions of the sides in words."""
    return ", ".join(f"{100 * share:.3g} % {name}" for share, name in zip(fractions, SIDES, strict=True))


def cut(numbers: Float[np.ndarray, "N"], fractions: Sequence[float]) -> Int[np.ndarray, "N"]:
    """The side on which a number between 0 and 1 falls."""
    return np.searchsorted(np.cumsum(fractions)[:2], numbers, side="right")


def hashed(keys: Sequence[str]) -> Float[np.ndarray, "N"]:
    """A number in [0, 1) for each key."""
    number = {key: _number(key) for key in set(keys)}
    return np.array([number[key] for key in keys])


def _number(key: str) -> float:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    # The 53 bits that a float holds exactly.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def _given(frame: pd.DataFrame, name: str) -> list[str]:
    """The cells of a column as texts, none missing."""
    cells = column(frame, name)
    missing = np.flatnonzero(cells.isna())
    if len(missing):
        raise DataError(
            "the row cannot be put on a side, because the cell is empty",
            where=where(source_of(frame), row=frame.index[missing[0]], column=name),
            fix="fill the cell or leave the row out",
        )
    return [str(cell) for cell in cells]


def _times(frame: pd.DataFrame, name: str) -> np.ndarray:
    texts = _given(frame, name)
    numbers = numbers_of(texts)
    if not np.isnan(numbers).any():
        return numbers
    times = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True, errors="coerce")
    bad = np.flatnonzero(times.isna())
    if len(bad):
        raise DataError(
            f"expected a number or a date, got {texts[bad[0]]!r}",
            where=where(source_of(frame), row=frame.index[bad[0]], column=name),
            fix="write dates as 2024-01-31",
        )
    return times.to_numpy()


def _strata(targets: Sequence[Any], task: str) -> Int[np.ndarray, "N"]:
    """A number for each row; rows with the same number are to be shared out evenly."""
    if task in NUMBERS:
        rank = (
            pd.Series([each.value if isinstance(each, Listed) else each for each in targets])
            .rank(method="first")
            .to_numpy()
            - 1
        )
        return (rank * _QUANTILES // len(rank)).astype(int)
    if task == "MultiLabel":
        counts = Counter(label for labels in targets for label in labels)
        targets = [min(labels, key=lambda label: (counts[label], label), default="") for labels in targets]
    # Sorted, so that the first row of a file does not change the numbers.
    return np.unique(np.array(targets, dtype=str), return_inverse=True)[1]


def _dealt(
    order: Int[np.ndarray, "G"],
    stratum: Int[np.ndarray, "G"],
    size: Int[np.ndarray, "G"],
    fractions: Sequence[float],
) -> Int[np.ndarray, "G"]:
    """Deal groups of rows out, each to the side that lacks most; the first of each stratum to train."""
    side = np.zeros(len(order), dtype=int)
    rows = [0.0, 0.0, 0.0]
    last = -1
    for group, of, count in zip(order.tolist(), stratum[order].tolist(), size[order].tolist(), strict=True):
        total = sum(rows) + count
        lacking = [share * total - has for share, has in zip(fractions, rows, strict=True)]
        chosen = 0 if of != last else lacking.index(max(lacking))
        side[group], last = chosen, of
        rows[chosen] += count
    return side
