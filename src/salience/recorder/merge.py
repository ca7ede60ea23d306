"""From positions to what a user knows: tokens to words, patches to boxes, with every sum conserved.

Legend: S positions, U parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.errors import DataError, NotAvailable
from salience.core.place import Span

if TYPE_CHECKING:
    from transformers import BatchEncoding


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of an image, in pixels from its upper left corner; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Part:
    """One word or patch: what stands at its place. Special tokens and padding have a label and no place."""

    text: str
    place: Span | Box | None


@dataclass(frozen=True)
class Parts:
    """The parts of one input, and which of them each position of the model belongs to."""

    parts: tuple[Part, ...]
    owner: Int[Tensor, "S"]


def merge(weights: Float[Tensor, "*lead S"], parts: Parts) -> Float[Tensor, "*lead U"]:
    """What each part has in all: the sum over its positions.

    >>> parts = Parts((Part("[CLS]", None), Part("superb", Span(0, 6))), torch.tensor([0, 1, 1]))
    >>> merge(torch.tensor([0.5, 0.25, 0.25]), parts)
    tensor([0.5000, 0.5000])

    Raises:
        DataError: there are not as many weights as positions.
    """
    if weights.shape[-1] != len(parts.owner):
        raise DataError(
            f"{weights.shape[-1]} weights cannot belong to {len(parts.owner)} positions",
            where=f"weights of shape {tuple(weights.shape)}",
            fix="give the weights of the sources, [..., S], and the parts of the same input",
        )
    total = weights.new_zeros((*weights.shape[:-1], len(parts.parts)))
    return total.index_add(-1, parts.owner.to(weights.device), weights)


def words(encoding: BatchEncoding, text: str, *, pair: str | None = None, example: int = 0) -> Parts:
    """The words of one text of a batch that a fast tokenizer made.

    Special tokens are parts of their own, with their token as label; so is all padding together.

    Args:
        encoding: what the tokenizer returned.
        text: the raw text, from which the words are cut.
        pair: the second text, where two were given.
        example: which text of the batch.

    Raises:
        NotAvailable: the tokenizer is not a fast one, and does not know where its tokens came from.
    """
    if not encoding.encodings:
        raise NotAvailable(
            "the tokenizer does not tell which words its tokens came from",
            where="words",
            fix="use a fast tokenizer: `AutoTokenizer.from_pretrained(..., use_fast=True)`",
        )
    one = encoding.encodings[example]
    keys = [
        _key(number, *each)
        for number, each in enumerate(zip(one.word_ids, one.sequence_ids, one.attention_mask, strict=True))
    ]
    spans: dict[tuple, Span] = {}
    for key, (start, stop) in zip(keys, one.offsets, strict=True):
        before = spans.get(key, Span(start, stop))
        spans[key] = Span(min(before.start, start), max(before.stop, stop))
    labels = dict(zip(keys, one.tokens, strict=True))
    texts = (text, pair or "")
    parts = tuple(
        Part(texts[key[1]][span.start : span.stop], span) if key[0] == "word" else Part(labels[key], None)
        for key, span in spans.items()
    )
    return Parts(parts, _numbers(keys))


def patches(*, grid: tuple[int, int], size: tuple[int, int], special: Sequence[str] = ()) -> Parts:
    """The patches of an image, row by row, after the special positions that come first.

    >>> patches(grid=(1, 2), size=(5, 10), special=["[CLS]"]).parts[2].place
    Box(left=5, top=0, right=10, bottom=5)

    Args:
        grid: how many rows and columns of patches.
        size: height and width of the image, in pixels.
        special: labels of the positions before the patches, as `["[CLS]"]`.
    """
    (rows, columns), (height, width) = grid, size
    boxes = [
        Box(
            column * width // columns,
            row * height // rows,
            (column + 1) * width // columns,
            (row + 1) * height // rows,
        )
        for row in range(rows)
        for column in range(columns)
    ]
    first = [Part(label, None) for label in special]
    rest = [Part(f"patch {number // columns}, {number % columns}", box) for number, box in enumerate(boxes)]
    return Parts((*first, *rest), torch.arange(len(first) + len(rest)))


def _key(number: int, word: int | None, sequence: int | None, real: int) -> tuple:
    if not real:
        return ("padding",)
    return ("special", number) if word is None or sequence is None else ("word", sequence, word)


def _numbers(keys: Iterable[tuple]) -> Int[Tensor, "S"]:
    known: dict[tuple, int] = {}
    return torch.tensor([known.setdefault(key, len(known)) for key in keys])
