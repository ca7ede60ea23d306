"""What is compared: how important each unit of a row is to a model, and which units people marked.

Legend: N rows, L units of a row, A annotators of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from salience.core.errors import DataError
from salience.core.place import Heat

#: Of one row: its heats, or one number per unit.
Importances = Sequence[Heat] | Sequence[float] | Float[np.ndarray, "L"]
#: Of one row: one mark per unit, or one row of marks per annotator; None where nobody was asked.
Rationale = Sequence[Any] | Bool[np.ndarray, "*A L"] | None
#: From the marks of several people to the marks that count.
Together = Callable[[Bool[np.ndarray, "A L"]], Bool[np.ndarray, "L"]]


@dataclass(frozen=True)
class Row:
    """An annotated row. Units of different texts (columns) are no neighbours."""

    importance: Float[np.ndarray, "L"]
    marks: Bool[np.ndarray, "A L"]
    texts: Int[np.ndarray, "L"]


def union(marks: Bool[np.ndarray, "A L"]) -> Bool[np.ndarray, "L"]:
    """What anyone marked, as HateXplain has it.

    >>> union(np.array([[True, False, False], [True, True, False]])).tolist()
    [True, True, False]
    """
    return marks.sum(0) > 0


def majority(marks: Bool[np.ndarray, "A L"]) -> Bool[np.ndarray, "L"]:
    """What more than half of the annotators marked.

    >>> majority(np.array([[True, False, False], [True, True, False]])).tolist()
    [True, False, False]
    """
    return 2 * marks.sum(0) > len(marks)


def read(heats: Sequence[Importances], rationales: Sequence[Rationale]) -> list[Row | None]:
    """Check and bring into one form; None stands for a row that nobody annotated.

    Raises:
        DataError: there is not one rationale (or None) per row and one mark per unit, an importance is not a finite
            number, or a mark is neither true nor false.
    """
    if len(heats) != len(rationales):
        raise DataError(
            f"expected one rationale per row, {len(heats):,}, got {len(rationales):,}",
            fix="give None for a row that nobody annotated",
        )
    return [_row(each, marks, n) for n, (each, marks) in enumerate(zip(heats, rationales, strict=True))]


def _row(heats: Importances, rationale: Rationale, n: int) -> Row | None:
    importance, texts = _importance(heats, f"heats[{n}]")
    marks = None if rationale is None else _marks(rationale, len(importance), f"rationales[{n}]")
    return None if marks is None or not len(marks) else Row(importance, marks, texts)


def _importance(heats: Importances, where: str) -> tuple[Float[np.ndarray, "L"], Int[np.ndarray, "L"]]:
    listed = list(heats)
    texts = [each.unit.column if isinstance(each, Heat) else "" for each in listed]
    scores = _array([each.score if isinstance(each, Heat) else each for each in listed], where)
    if scores.ndim != 1 or (len(scores) and scores.dtype.kind not in "fiub"):
        raise DataError(f"expected one number per unit, got {scores.dtype} of shape {scores.shape}", where=where)
    scores = scores.astype(float)
    if not np.isfinite(scores).all():
        wrong = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise DataError(f"expected finite importances, got {scores[wrong]} for unit {wrong}", where=where)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(texts))}
    return scores, np.array([numbers[each] for each in texts], dtype=int)


def _marks(rationale: Sequence[Any] | np.ndarray, length: int, where: str) -> Bool[np.ndarray, "A L"]:
    marks = _array(rationale, where)
    if marks.size and (marks.dtype.kind not in "fiub" or not np.isin(marks, (0, 1)).all()):
        raise DataError("expected marks that are true or false (1 or 0), got others", where=where)
    annotators = marks[None] if marks.ndim == 1 else marks
    if annotators.ndim != 2 or annotators.shape[1] != length:
        raise DataError(
            f"expected {length:,} marks, one per unit, or one such row per annotator; got shape {marks.shape}",
            where=where,
        )
    return annotators.astype(bool)


def _array(values: Sequence[Any] | np.ndarray, where: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError("expected rows of one length, got rows of different lengths", where=where) from error
