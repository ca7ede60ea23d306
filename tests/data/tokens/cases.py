"""One row for each way to cut a text: how to make one that is ready."""

from collections.abc import Callable

import pytest

from salience.data.tokens import BytePair, Character, Jieba, Pretrained, Word, WordPiece
from salience.data.tokens.pieces import Tokens
from tests.data.tokens.raw_text import TRICKY

TEXTS = [*TRICKY, "low lower lowest slow", "今天天气很好，今天很好"] * 3


def jieba(lower: bool) -> Jieba:
    pytest.importorskip("jieba")
    return Jieba(lower=lower)


def pretrained(folder: str) -> Pretrained:
    pytest.importorskip("transformers")
    return Pretrained(folder).fit([])


# The folder of a saved tokenizer is given to each; only `Pretrained` needs it.
CASES: dict[str, Callable[[str], Tokens]] = {
    "Word": lambda folder: Word(),
    "Word, capitals": lambda folder: Word(lower=False),
    "Character": lambda folder: Character(),
    "BytePair": lambda folder: BytePair(size=211).fit(TEXTS),
    "BytePair, capitals": lambda folder: BytePair(size=211, lower=False).fit(TEXTS),
    "BytePair, nothing seen": lambda folder: BytePair().fit([]),
    "WordPiece": lambda folder: WordPiece(size=211).fit(TEXTS),
    "WordPiece, nothing seen": lambda folder: WordPiece().fit([]),
    "Jieba": lambda folder: jieba(lower=True),
    "Pretrained, word pieces": lambda folder: pretrained(f"{folder}/word_pieces"),
    "Pretrained, bytes": lambda folder: pretrained(f"{folder}/bytes"),
    "Pretrained, sentence pieces": lambda folder: pretrained(f"{folder}/sentence_pieces"),
}
