"""A unit of the user's input, where it sits in the raw data, and how much it mattered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the cell of one row."""

    name: str


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge of a graph, between the ids of its ends as the user wrote them."""

    source: str | int
    target: str | int
    number: int | None  # its row in the edge table, counted from 0; None for a loop that was added
    added: bool = False  # a loop from a node to itself that the user's table does not have


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a graph, by the id that the user gave it."""

    id: str | int


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


# Other kinds of data add their own place here; reports draw by its type.
Place = Column | Edge | Node | Span | Stretch


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
