"""The kinds of columns of a table: how a cell becomes a state (missing, unseen, known) and numbers.

Legend: N training cells, K features.
"""

from __future__ import annotations

import decimal
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from numbers import Real
from statistics import NormalDist
from typing import Any, ClassVar, Protocol, Self, final

import numpy as np
import pandas as pd

from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.data.modalities.calendar import FEATURES, day_comes_first, features_of, read_date
from salience.data.number import Notation, is_mark, notation_of

#: The state of a cell that holds nothing, in every column.
MISSING = 0
#: The state of a category that is not in the vocabulary of its column.
UNSEEN = 1
# Where the quantiles of a numeric column are kept; between them lines are drawn.
_KNOTS = 257
# A number so many standard deviations away says no more than that it is far away.
_FARTHEST = 10.0

#: What a column may be read as.
COLUMN_KINDS = ("numeric", "categorical", "boolean", "date")

Cell = tuple[int, tuple[float, ...]]


class ColumnKind(Protocol):
    """What a column of one kind knows of its training cells."""

    #: How many numbers it gives for a cell that is known.
    features: ClassVar[int]

    @property
    def states(self) -> int:
        """How many states a cell may be in, `MISSING` included."""

    def fit(self, cells: Sequence[Any]) -> Self:
        """Learn from training cells. An unreadable cell is an error."""

    def encode(self, cell: Any) -> Cell:
        """The state of a cell and, where the state has such, its features.

        Raises:
            DataError: the cell is nothing that such a column can hold.
        """

    def state(self) -> dict[str, Any]:
        """Everything that was fitted, ready for JSON."""

    def restore(self, state: dict[str, Any]) -> Self:
        """The inverse of `state`."""


def column_kind(name: str, *, numbers: str) -> ColumnKind:
    """A column of a kind, by its name: numeric, categorical, boolean or date.

    Raises:
        ConfigError: there is no such kind.
    """
    made: dict[str, Callable[[], ColumnKind]] = {
        "numeric": lambda: Number(scale=numbers),
        "categorical": Category,
        "boolean": Truth,
        "date": Date,
    }
    if name not in made:
        raise ConfigError(f"there is no kind of column '{name}'", where="Table", fix=did_you_mean(name, made))
    return made[name]()


def is_missing(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN or white space."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))


def is_unknown(cell: Any) -> bool:
    """Whether a cell of numbers or dates holds nothing, or a mark such as n/a that says so."""
    return is_missing(cell) or (isinstance(cell, str) and is_mark(cell))


@final
class Number:
    """Numbers, on the scale of the training cells, and written as these are (see `salience.data.number`).

    Args:
        scale: `quantile` gives a number the place in the normal distribution that it has among the training cells,
            so that outliers stay near; `standard` takes the mean away and divides by the standard deviation, at most
            10 in size. Beyond the training cells `quantile` stays at the ends.

    >>> number = Number(scale="standard").fit(["1", 3, None])
    >>> number.encode("4"), number.encode(None)
    ((1, (2.0,)), (0, ()))
    """

    features: ClassVar[int] = 1
    states = 2

    def __init__(self, *, scale: str = "quantile") -> None:
        if scale not in ("quantile", "standard"):
            raise ConfigError(f"numbers is '{scale}'", where="Table", fix=did_you_mean(scale, ["quantile", "standard"]))
        self.scale = scale
        self._notation = Notation()
        self._knots, self._levels = [0.0], [0.0]
        self._largest = 1.0

    def fit(self, cells: Sequence[Any]) -> Self:
        self._notation = notation_of(cell for cell in cells if isinstance(cell, str) and not is_unknown(cell))
        known = np.array([number_of(cell, self._notation) for cell in cells if not is_unknown(cell)])
        self._largest = float(np.abs(known).max(initial=0.0)) or 1.0
        known = known / self._largest
        if not len(known):
            self._knots, self._levels = [0.0], [0.0]
        elif self.scale == "standard":
            mean, spread = float(known.mean()), float(known.std()) or 1.0
            self._knots = [mean - _FARTHEST * spread, mean + _FARTHEST * spread]
            self._levels = [-_FARTHEST, _FARTHEST]
        else:
            self._knots, self._levels = _quantiles(known)
        return self

    def encode(self, cell: Any) -> Cell:
        if is_unknown(cell):
            return MISSING, ()
        return 1, (self._level(number_of(cell, self._notation) / self._largest),)

    def state(self) -> dict[str, Any]:
        scale = {"knots": self._knots, "levels": self._levels, "largest": self._largest}
        return {**scale, "notation": asdict(self._notation)}

    def restore(self, state: dict[str, Any]) -> Self:
        self._knots, self._levels, self._largest = state["knots"], state["levels"], state["largest"]
        # Models that were saved before notations were learned read plain numbers.
        self._notation = Notation(**state.get("notation", {}))
        return self

    def _level(self, number: float) -> float:
        """The point of the line through the knots."""
        knots, levels = self._knots, self._levels
        place = bisect_right(knots, number)
        if place in (0, len(knots)):
            return levels[min(place, len(knots) - 1)]
        share = (number - knots[place - 1]) / (knots[place] - knots[place - 1])
        return levels[place - 1] + share * (levels[place] - levels[place - 1])


class Category:
    """Values that are names. One that fewer than `min_count` training cells have is as one that was never seen.

    >>> Category(min_count=1).fit(["red", "blue", None]).encode("red")
    (3, ())
    """

    features: ClassVar[int] = 0

    def __init__(self, *, min_count: int = 2) -> None:
        self.min_count = min_count
        self._numbers: dict[str, int] = {}

    @property
    def states(self) -> int:
        return 2 + len(self._numbers)

    def fit(self, cells: Sequence[Any]) -> Self:
        counts = Counter(self.key(cell) for cell in cells if not is_missing(cell))
        return self._learn(sorted(key for key, count in counts.items() if count >= self.min_count))

    def encode(self, cell: Any) -> Cell:
        return (MISSING if is_missing(cell) else self._numbers.get(self.key(cell), UNSEEN)), ()

    def state(self) -> dict[str, Any]:
        return {"values": list(self._numbers)}

    def restore(self, state: dict[str, Any]) -> Self:
        return self._learn(state["values"])

    def key(self, cell: Any) -> str:
        """What two cells of one category have in common: 3, 3.0 and "3" are one.

        Raises:
            DataError: the cell is a list, a mapping or another thing with parts.
        """
        if isinstance(cell, list | tuple | set | frozenset | dict):
            raise DataError(f"expected one value, got {cell!r:.40}", fix="write one value per cell")
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return str(cell).strip()

    def _learn(self, values: Sequence[str]) -> Self:
        self._numbers = {value: number for number, value in enumerate(values, UNSEEN + 1)}
        return self


@final
class Truth(Category):
    """Yes or no, without regard to capitals. Any other word than those of training is as one that was never seen."""

    def __init__(self) -> None:
        super().__init__(min_count=1)

    def key(self, cell: Any) -> str:
        return super().key(cell).casefold()


@final
class Date:
    """Dates and times: how far along they lie among the training cells, and where in the year, month, week and day.

    Of 03/04/2024 it depends on the training cells what is the day: a number above 12 tells; by default it comes first.
    """

    features: ClassVar[int] = FEATURES
    states = 2

    def __init__(self) -> None:
        self._day_first, self._mean, self._spread = True, 0.0, 1.0

    def fit(self, cells: Sequence[Any]) -> Self:
        known = [cell for cell in cells if not is_unknown(cell)]
        self._day_first = day_comes_first(known)
        seconds = np.array([read_date(cell, day_first=self._day_first).timestamp() for cell in known])
        if len(seconds):
            self._mean, self._spread = float(seconds.mean()), float(seconds.std()) or 1.0
        return self

    def encode(self, cell: Any) -> Cell:
        if is_unknown(cell):
            return MISSING, ()
        moment = read_date(cell, day_first=self._day_first)
        along = (moment.timestamp() - self._mean) / self._spread
        return 1, features_of(moment, along=max(-_FARTHEST, min(_FARTHEST, along)))

    def state(self) -> dict[str, Any]:
        return {"day_first": self._day_first, "mean": self._mean, "spread": self._spread}

    def restore(self, state: dict[str, Any]) -> Self:
        self._day_first, self._mean, self._spread = state["day_first"], state["mean"], state["spread"]
        return self


def number_of(cell: Any, notation: Notation) -> float:
    """A cell that is not missing as a finite number.

    Raises:
        DataError: it is none.
    """
    number = notation.read(cell) if isinstance(cell, str) else _plain_number(cell)
    if number is None:
        raise DataError(
            f"expected a finite number, got {cell!r:.40}",
            fix="write it as the training cells are written, leave the cell empty, or read the column as categorical",
        )
    return number


def _plain_number(cell: Any) -> float | None:
    try:
        number = float(cell) if isinstance(cell, Real | decimal.Decimal) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _quantiles(known: np.ndarray) -> tuple[list[float], list[float]]:
    """Knots of the distribution, ascending, and where each lies in the normal distribution.

    A number that takes up many quantiles, because it is frequent, gets their mean place.
    """
    shares = np.linspace(0, 1, min(_KNOTS, len(known)) + 1)
    knots, which = np.unique(np.quantile(known, shares), return_inverse=True)
    means = np.bincount(which, shares) / np.bincount(which)
    edge = 0.5 / len(known)
    return knots.tolist(), [NormalDist().inv_cdf(share) for share in means.clip(edge, 1 - edge).tolist()]
