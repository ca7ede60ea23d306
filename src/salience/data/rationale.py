"""What people marked in a text as the reason for its target: stretches of characters, by one or several annotators.

Legend: A annotators, U units, K stretches.

A rationale teaches attention and measures it. It is never read by a model.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from salience.core.build import build
from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.core.place import Span
from salience.data import tokens as kinds_of_tokens
from salience.data.fault import where
from salience.data.table import column as column_of
from salience.data.table import source_of
from salience.data.tokens.pieces import Tokens

#: The one name of a tokenization that is no class of `salience.data.tokens`: whatever stands between white space.
WHITESPACE = "Whitespace"
Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rationale:
    """What the annotators of one text marked. To have marked nothing is an answer, too: no stretches."""

    #: Per annotator, stretches of characters from start to stop (exclusive), ascending and apart from each other.
    stretches: tuple[tuple[Stretch, ...], ...]

    def marks(self, places: Int[np.ndarray, "U 2"]) -> Bool[np.ndarray, "A U"]:
        """Which units each annotator marked: those of whose characters at least half lie in the stretches.

        >>> Rationale((((0, 4), (9, 11)), ())).marks(np.array([[0, 3], [4, 8], [9, 13]])).tolist()
        [[True, False, True], [False, False, False]]
        """
        return np.stack([_overlap(each, places) * 2 >= np.diff(places)[:, 0] for each in self.stretches])


@dataclass(frozen=True, slots=True)
class RationaleColumn:
    """The column that marks an input column, and how the text was cut where it holds one mark per token."""

    column: str
    tokens: str | Mapping[str, Any] | None = None

    def setting(self) -> str | dict[str, Any]:
        """The same as a setting says it."""
        return self.column if self.tokens is None else {"column": self.column, "tokens": self.tokens}


def rationale_columns(
    choice: str | Mapping[str, Any] | None, inputs: Sequence[str] | None = None
) -> dict[str, RationaleColumn]:
    """The rationale of each input column that a setting names.

    Args:
        choice: the name of the rationale of the only input column; or for input columns the name, or the name and the
            tokenization: `{"text": {"column": "marks", "tokens": "Word"}}`.
        inputs: the input columns; None where they are not known yet, so that a bare name stands under an empty one.

    Raises:
        ConfigError: an input column does not exist, it is not clear which one is meant, or the form is another one.
    """
    if choice is None:
        return {}
    if isinstance(choice, str):
        if inputs is not None and len(inputs) != 1:
            raise ConfigError(
                f"the column '{choice}' marks one text, and there are {len(inputs)} input columns",
                where="rationale",
                fix=f"say which one: rationale: {{{inputs[0] if inputs else 'text'}: {choice}}}",
            )
        return {inputs[0] if inputs else "": RationaleColumn(choice)}
    for name in choice:
        if inputs is not None and name not in inputs:
            raise ConfigError(f"'{name}' is not an input column", where="rationale", fix=did_you_mean(name, inputs))
    return {name: _rationale_column(each) for name, each in choice.items()}


def read_rationales(frame: pd.DataFrame, marked: str, rationale: RationaleColumn) -> list[Rationale | None]:
    """One column of rationales, for the texts in the column `marked`; None where nobody was asked.

    Raises:
        DataError: a cell cannot be understood or does not fit its text; row and column are named.
        ConfigError: there is no such tokenization.
    """
    cells, texts = column_of(frame, rationale.column), column_of(frame, marked)
    tokens = _tokens(rationale.tokens)
    found = []
    for row, cell, text in zip(cells.index, cells, texts, strict=True):
        try:
            found.append(read_rationale(cell, text or "", tokens=tokens))
        except DataError as error:
            place = where(source_of(frame), row=row, column=rationale.column)
            raise DataError(error.problem, where=place, fix=error.fix) from error
    return found


def read_rationale(cell: object, text: str, *, tokens: str | Tokens | None = None) -> Rationale | None:
    """What one cell says of its text. A missing or empty cell says that nobody was asked.

    Args:
        cell: stretches of characters, `[[start, stop], ...]`, where `stop` is exclusive and `[]` means that nothing was
            marked; or with `tokens` one mark (0 or 1) per token. Several annotators are a list of such. JSON texts are
            read.
        text: the marked text.
        tokens: the way to cut, or `"Whitespace"`.

    Raises:
        DataError: the cell has another form, or does not fit the text.

    >>> read_rationale("[[2, 6]]", "a fine film")
    Rationale(stretches=(((2, 6),),))
    >>> read_rationale([[0, 1, 0], [0, 1, 1]], "a fine film", tokens="Whitespace")
    Rationale(stretches=(((2, 6),), ((2, 6), (7, 11))))
    """
    value = _value(cell)
    if value is None:
        return None
    if tokens is not None:
        places = _places(text, tokens)
        return Rationale(tuple(_from_mask(each, places) for each in _annotators(value, _is_mark)))
    return Rationale(tuple(_from_stretches(each, len(text)) for each in _annotators(value, _is_stretch)))


_FORMS = "write [[start, stop], ...], or a list of such lists; for marks per token say which tokens"


def _rationale_column(each: object) -> RationaleColumn:
    if isinstance(each, str):
        return RationaleColumn(each)
    if isinstance(each, Mapping) and "column" in each and set(each) <= {"column", "tokens"}:
        return RationaleColumn(each["column"], each.get("tokens"))
    raise ConfigError(
        f"expected the name of a column, or {{column: NAME, tokens: NAME}}, got {each!r}", where="rationale"
    )


def _tokens(choice: str | Mapping[str, Any] | None) -> str | Tokens | None:
    if choice is None or choice == WHITESPACE:
        return choice
    made: Tokens = build(choice, kinds_of_tokens)
    return made


def _value(cell: object) -> list[Any] | None:
    """The list in a cell, or None where it is missing."""
    if isinstance(cell, str):
        if not cell.strip():
            return None
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise DataError(f"expected a list, got the text {cell!r:.60}", fix=_FORMS) from error
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, np.ndarray):
        return _value(cell.tolist())
    if isinstance(cell, list | tuple):
        return list(cell)
    raise DataError(f"expected a list, got {cell!r:.60}", fix=_FORMS)


def _annotators(value: list[Any], is_one: Any) -> list[list[Any]]:
    """One list per annotator, who each gave a list of things of one kind."""
    if all(is_one(each) for each in value):
        return [value]
    asked = [each for each in value if each is not None]
    if asked and all(isinstance(each, list | tuple) and all(map(is_one, each)) for each in asked):
        return [list(each) for each in asked]
    raise DataError(f"a rationale has another form: {value!r:.80}", fix=_FORMS)


def _is_mark(value: object) -> bool:
    return isinstance(value, int | float) and value in (0, 1)


def _is_stretch(value: object) -> bool:
    if isinstance(value, Span):
        return True
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_place, value))


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _from_stretches(stretches: list[Any], length: int) -> tuple[Stretch, ...]:
    """Checked, ascending, and joined where they touch."""
    joined: list[Stretch] = []
    pairs = [(each.start, each.stop) if isinstance(each, Span) else (each[0], each[1]) for each in stretches]
    for start, stop in sorted(pairs):
        if not 0 <= start < stop <= length:
            raise DataError(
                f"the stretch [{start}, {stop}] does not lie in the text, which has {length} characters",
                fix="count characters of the text as it stands in the cell, from 0; the end is exclusive",
            )
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return tuple(joined)


def _from_mask(marks: list[Any], places: list[Stretch]) -> tuple[Stretch, ...]:
    if len(marks) != len(places):
        raise DataError(
            f"expected {len(places)} marks, one for each token of the text, got {len(marks)}",
            fix="name the way in which the text was cut when it was marked",
        )
    return tuple(place for place, mark in zip(places, marks, strict=True) if mark)


def _places(text: str, tokens: str | Tokens) -> list[Stretch]:
    if isinstance(tokens, Tokens):
        return [(start, stop) for start, stop in tokens.split(text).places.tolist()]
    return [found.span() for found in re.finditer(r"\S+", text)]


def _overlap(stretches: Sequence[Stretch], places: Int[np.ndarray, "U 2"]) -> Int[np.ndarray, "U"]:
    """How many characters of each place lie in the stretches."""
    bounds = np.array(stretches, dtype=np.int64).reshape(-1, 2)
    both = np.minimum(places[:, None, 1], bounds[:, 1]) - np.maximum(places[:, None, 0], bounds[:, 0])  # [U, K]
    return np.maximum(both, 0).sum(1)
