"""A unit of the user's input, where it sits in the raw data, and how much it mattered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text: characters `start` to `stop` (exclusive) of the raw string."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time: from the time stamp `start` to `stop` (inclusive), as the user wrote them."""

    start: str
    stop: str
    variable: str | None  # None: all variables of the series
    series: str | None  # None: the table is one series


# Other kinds of data add their own place here (a box, an edge); reports draw by its type.
Place = Span | Stretch


@dataclass(frozen=True, slots=True)
class Unit:
    """One part of one input, as the user knows it: `text` is exactly what stands at `place` in column `column`."""

    column: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Heat:
    """How much one unit mattered. Attention scores of a row sum to one; attributions are signed.

    Of an ensemble the score is a mean over its members, with a 95 % interval. It is faint where that interval leaves
    open whether the unit matters at all, so that a model trained with another seed may well say otherwise.
    """

    unit: Unit
    score: float
    low: float | None = None
    high: float | None = None
    faint: bool = False
