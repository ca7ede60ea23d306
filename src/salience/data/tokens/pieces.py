"""What a text is cut into, and what every way of cutting must be able to do.

Legend: S pieces, U units (words as the user sees them; a unit has one or more pieces).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from salience.data.tokens.pattern import fold
from salience.data.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text, cut. Units are ascending, do not overlap, and each owns at least one piece."""

    keys: Sequence[str]  # S vocabulary keys, folded (lower case, one spelling); never shown to a user
    places: np.ndarray  # [U, 2] start and stop of each unit, in code points of the raw text
    owner: np.ndarray  # [S] the unit each piece belongs to; -1 for pieces that are no part of the text


class Tokens(ABC):
    """One way to cut a text. The given text has no lone surrogates."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The ids that come with a pretrained tokenizer; None where a vocabulary is to be fitted on the keys."""
        return None

    def fit(self, texts: Iterable[str]) -> Self:  # noqa: ARG002  (most ways have nothing to learn)
        """Learn where to cut."""
        return self

    @abstractmethod
    def split(self, text: str) -> Pieces:
        """Cut `text`. Every letter and digit of it lies in a unit."""

    def state(self) -> dict[str, Any]:
        """Everything that was learnt, ready for JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> Self:  # noqa: ARG002  (most ways have nothing to restore)
        """The inverse of `state`, on an object made with the same options."""
        return self


def one_each(text: str, spans: Sequence[tuple[int, int]], *, lower: bool) -> Pieces:
    """Pieces where each span is a unit of its own."""
    places = np.array(spans, dtype=np.int32).reshape(-1, 2)
    if text.isascii():
        # Folding keeps the length of such a text, so it can be done once for all.
        folded = fold(text, lower)
        keys = [folded[start:stop] for start, stop in spans]
    else:
        keys = [fold(text[start:stop], lower) for start, stop in spans]
    return Pieces(keys, places, np.arange(len(spans), dtype=np.int32))
