"""The words a model knows, in the order of their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from salience.core.errors import ModelFolderError

PADDING = "<padding>"
UNKNOWN = "<unknown>"


@dataclass(frozen=True)
class Vocabulary:
    """Words by id. A fitted one has 0 for padding, 1 for everything unknown, then words from frequent to rare.

    >>> vocabulary = Vocabulary.fit([["a", "good", "film"], ["a", "good", "cast"], ["a", "plot"]])
    >>> vocabulary.words
    ('<padding>', '<unknown>', 'a', 'good')
    >>> vocabulary.encode(["a", "good", "plot"])
    array([2, 3, 1], dtype=int32)
    """

    words: tuple[str, ...]
    padding: int = 0
    unknown: int = 1

    @classmethod
    def fit(cls, documents: Iterable[Iterable[str]], *, min_count: int = 2, size: int = 30_000) -> Self:
        """Count the pieces of all documents and keep the most frequent; equal counts stand in alphabetical order.

        Args:
            min_count: a piece seen less often stays unknown, because nothing could be learnt about it.
            size: the most ids there may be, padding and unknown included.
        """
        counts: Counter[str] = Counter()
        for document in documents:
            counts.update(document)
        special = (PADDING, UNKNOWN)
        often = [(-count, word) for word, count in counts.items() if count >= min_count and word not in special]
        kept = [word for _, word in sorted(often)[: max(0, size - len(special))]]
        return cls((*special, *kept))

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, pieces: Iterable[str]) -> np.ndarray:
        """The id of each piece, int32 [S]."""
        find, unknown = self.ids.get, self.unknown
        return np.array([find(piece, unknown) for piece in pieces], dtype=np.int32)

    @cached_property
    def ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    def to_json(self) -> list[str]:
        return list(self.words)

    @classmethod
    def from_json(cls, words: list[str]) -> Self:
        """The inverse of `to_json` for a fitted vocabulary.

        Raises:
            ModelFolderError: not a list of distinct words that begins with padding and unknown.
        """
        distinct = isinstance(words, list) and len({word for word in words if isinstance(word, str)}) == len(words)
        if not distinct or words[:2] != [PADDING, UNKNOWN]:
            raise ModelFolderError(
                f"a vocabulary is a list of distinct words that begins with {PADDING!r} and {UNKNOWN!r}",
                where="the saved state of a text column",
                fix="save the model again, or take an unaltered copy of its folder",
            )
        return cls(tuple(words))
