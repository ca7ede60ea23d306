"""Text: words or other pieces, each with the way back to the characters the user wrote.

Legend: B examples, S positions, U units.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, final

import numpy as np
import pandas as pd
import torch
from torch import nn

from salience.core.batch import Example, Layout, Stream
from salience.core.build import build
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.place import Span, Unit
from salience.data import tokens as kinds_of_tokens
from salience.data.mend import mended
from salience.data.modalities.word_stem import WordStem
from salience.data.sentences import sentence_ends
from salience.data.tokens.pieces import Pieces, Tokens
from salience.data.vectors import Vectors, read_vectors
from salience.data.vocabulary import Vocabulary

log = logging.getLogger(__name__)


@final
class Text:
    """A column of text. Its units are words, its groups are sentences.

    A cell without a word (missing, empty, white space) becomes one unknown position that belongs to no unit, so that a
    model can still answer. A longer cell than `max_tokens` is read from its beginning; `unread` tells what is left.

    Args:
        tokens: how to cut: a name from `salience.data.tokens`, a name with options, or an object.
        max_tokens: the most positions a model reads of one cell.
        min_count: a piece seen less often in the training cells is unknown.
        vocabulary_size: the most ids, padding and unknown included. A pretrained tokenizer brings its own.
        vectors: a file of word vectors to start from (see `salience.data.vectors`).
        pairs: how many embeddings the pairs of neighbouring words share, 0 for none (see `WordStem`).

    >>> text = Text(min_count=1).fit(["A good film. A cast!"])
    >>> example = text.encode("Good cast. What a film")
    >>> example.values.tolist(), example.groups.tolist()
    ([7, 5, 4, 1, 2, 6], [0, 0, 0, 1, 1, 1])
    >>> [unit.text for unit in text.units(text.without(example, {1, 2, 3, 4}), "review")]
    ['Good', 'film']
    """

    gives: ClassVar[frozenset[str]] = frozenset({"groups"})

    def __init__(
        self,
        tokens: str | Mapping[str, Any] | Tokens = "Word",
        *,
        max_tokens: int = 512,
        min_count: int = 2,
        vocabulary_size: int = 30_000,
        vectors: str | None = None,
        pairs: int = 0,
    ) -> None:
        lowest = {"max_tokens": (max_tokens, 1), "min_count": (min_count, 1), "vocabulary_size": (vocabulary_size, 3)}
        for name, (value, least) in {**lowest, "pairs": (pairs, 0)}.items():
            if value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}", where="the options of Text")
        self.tokens = tokens if isinstance(tokens, Tokens) else build(tokens, kinds_of_tokens)
        self.max_tokens = max_tokens
        self.min_count = min_count
        self.vocabulary_size = vocabulary_size
        self.vectors = vectors
        self.pairs = pairs
        #: Share of the vocabulary that the file of word vectors has; None without a file.
        self.coverage: float | None = None
        self._vocabulary: Vocabulary | None = None
        self._start: Vectors | None = None
        self._inner: int | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The pieces that are known.

        Raises:
            NotAvailable: neither `fit` nor `restore` was called.
        """
        if self._vocabulary is None:
            raise NotAvailable("this text column has not been fitted", fix="call fit(cells), or restore(state)")
        return self._vocabulary

    def fit(self, cells: Sequence[Any]) -> Self:
        """Learn how to cut and which pieces to know.

        Raises:
            DataError: a cell that is no text, no piece frequent enough, or a broken file of vectors.
        """
        self.tokens.fit(_texts(cells))
        self._vocabulary = self.tokens.vocabulary or self._count(cells)
        if self.vectors is not None:
            self._find_vectors(self.vectors)
        return self

    def encode(self, cell: Any) -> Example:
        """The ids, units and sentences of one cell: text, or missing (None or NaN).

        Raises:
            DataError: anything else.
        """
        text = _read(cell)
        pieces = self.tokens.split(text)
        values, owner, places = self._cut(self.vocabulary.encode(pieces.keys), pieces)
        if not len(places):
            return self._nothing(text)
        groups = np.searchsorted(sentence_ends(text), places[:, 0], side="right")
        return Example(text, values, places, owner, _consecutive(_by_position(groups, owner)))

    def unread(self, cell: Any) -> int:
        """How many units of a cell lie beyond `max_tokens`, so that no model sees them."""
        return len(self.tokens.split(_read(cell)).places) - len(self.encode(cell).places)

    def collate(self, examples: Sequence[Example]) -> Stream:
        lengths = [len(example) for example in examples]
        size = max(lengths, default=0)
        values = np.full((len(examples), size), self.vocabulary.padding, dtype=np.int64)
        groups = np.full((len(examples), size), -1, dtype=np.int64)
        for row, (example, length) in enumerate(zip(examples, lengths, strict=True)):
            values[row, :length] = example.values
            groups[row, :length] = _groups(example)
        layout = Layout(torch.tensor(lengths, dtype=torch.int64), size, torch.from_numpy(groups))
        return Stream(torch.from_numpy(values), layout)

    def stem(self, width: int) -> nn.Module:
        """Embeddings of the words, and of pairs of them if wanted.

        The numbers of the file of vectors come in only after `fit`; a restored object expects them in the weights of
        the saved model.
        """
        known = self.vocabulary
        stem = WordStem(len(known), width, padding=known.padding, pairs=self.pairs, inner=self._inner)
        if self._start is not None:
            stem.start_from(self._start)
        return stem

    def units(self, example: Example, column: str) -> list[Unit]:
        """The words of an example, as the user wrote them."""
        text = str(example.cell)
        return [Unit(column, text[start:stop], Span(start, stop)) for start, stop in example.places.tolist()]

    def without(self, example: Example, removed: Collection[int]) -> Example:
        """The same example without these units. Special positions stay; without any unit it is as an empty cell.

        Raises:
            DataError: an index that is no unit of this example.
        """
        left = _left(example, removed)
        places = example.places[left[:-1]]
        if not len(places):
            return self._nothing(example.cell)
        stays = left[example.owner]
        number = np.cumsum(left, dtype=np.int32) - 1
        number[-1] = -1
        groups = _consecutive(_groups(example)[stays])
        return Example(example.cell, example.values[stays], places, number[example.owner[stays]], groups)

    def blank(self, example: Example, hidden: Collection[int]) -> Example:
        """The same example with these units as unknown words.

        Raises:
            DataError: an index that is no unit of this example.
        """
        stays = _left(example, hidden)[example.owner]
        return replace(example, values=np.where(stays, example.values, self.vocabulary.unknown))

    def state(self) -> dict[str, Any]:
        words = self.vocabulary.to_json() if self.tokens.vocabulary is None else None
        return {"tokens": self.tokens.state(), "words": words, "vectors": self._inner, "coverage": self.coverage}

    def restore(self, state: dict[str, Any]) -> Self:
        self.tokens.restore(state["tokens"])
        self._vocabulary = self.tokens.vocabulary or Vocabulary.from_json(state["words"])
        self._inner, self.coverage, self._start = state["vectors"], state["coverage"], None
        return self

    def _count(self, cells: Sequence[Any]) -> Vocabulary:
        keys = (self.tokens.split(text).keys for text in _texts(cells))
        found = Vocabulary.fit(keys, min_count=self.min_count, size=self.vocabulary_size)
        if len(found) == 2:
            raise DataError(
                f"no word occurs {self.min_count} times or more in these {len(cells):,} cells",
                where="fitting a text column",
                fix="lower min_count, give more training cells, or leave the column out",
            )
        return found

    def _find_vectors(self, path: str) -> None:
        start = read_vectors(path, self.vocabulary.ids)
        self._start, self._inner = start, start.values.shape[1]
        words = len(self.vocabulary) - 2
        self.coverage = len(start.rows) / words
        log.info("word vectors: %s has %.1f %% of %d words", path, 100 * self.coverage, words)

    def _cut(self, values: np.ndarray, pieces: Pieces) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """At most `max_tokens` positions from the beginning; special ones at the end stay."""
        owner, places = pieces.owner, pieces.places
        if len(values) <= self.max_tokens or not len(places):
            return values, owner, places
        ending = len(owner) - 1 - np.flatnonzero(owner >= 0)[-1]
        ending = min(ending, self.max_tokens, len(self.tokens.split("").keys))
        kept = np.r_[0 : self.max_tokens - ending, len(owner) - ending : len(owner)]
        owner = owner[kept]
        return values[kept], owner, places[: owner.max() + 1]

    def _nothing(self, cell: object) -> Example:
        """An example without units: the special positions of the tokenizer, or one that is unknown."""
        values = self.vocabulary.encode(self.tokens.split("").keys)[: self.max_tokens]
        if not len(values):
            values = np.array([self.vocabulary.unknown], dtype=np.int32)
        places, groups = np.empty((0, 2), dtype=np.int32), np.zeros(len(values), dtype=np.int32)
        return Example(cell, values, places, np.full(len(values), -1, dtype=np.int32), groups)


def _texts(cells: Iterable[Any]) -> Iterator[str]:
    for number, cell in enumerate(cells):
        yield _read(cell, where=f"cell {number} of a text column, counted from 0")


def _read(cell: Any, where: str = "a text column") -> str:
    if isinstance(cell, str):
        return mended(cell)
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    raise DataError(
        f"expected text, got {type(cell).__name__} ({cell!r:.40})",
        where=where,
        fix="convert the column to text, or read it as another kind of data",
    )


def _left(example: Example, removed: Collection[int]) -> np.ndarray:
    """Which units stay, and one place more that always does, for the owner -1 of special positions."""
    count = len(example.places)
    left = np.ones(count + 1, dtype=bool)
    index = np.fromiter(removed, dtype=np.int64, count=len(removed))
    if len(index) and (index.min() < 0 or index.max() >= count):
        raise DataError(f"expected units from 0 to {count - 1}, got {index.min()} to {index.max()}")
    left[index] = False
    return left


def _groups(example: Example) -> np.ndarray:
    assert example.groups is not None
    return example.groups


def _by_position(groups: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """The group of each position from that of each unit; special positions take that of the position before."""
    return np.maximum.accumulate(np.where(owner < 0, 0, groups[owner]))


def _consecutive(groups: np.ndarray) -> np.ndarray:
    """The same ascending groups, numbered 0, 1, 2, ... without gaps."""
    return np.cumsum(np.diff(groups, prepend=groups[:1]) > 0, dtype=np.int32)
