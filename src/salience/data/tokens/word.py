"""Words: letters and digits together, every punctuation mark, Han and Kana character on its own."""

from __future__ import annotations

from typing import final

from salience.data.tokens import pattern
from salience.data.tokens.pieces import Pieces, Tokens, one_each


@final
class Word(Tokens):
    """Cut a text into words and punctuation marks, in any script (see `salience.data.tokens.pattern`).

    Han and Kana write no spaces: each of their characters is a word here. Use `Jieba` for Chinese words.

    Args:
        lower: `Good` and `good` are one word of the vocabulary.

    >>> pieces = Word().split("Don't MISS it.")
    >>> pieces.keys
    ["don't", 'miss', 'it', '.']
    >>> pieces.places.tolist()
    [[0, 5], [6, 10], [11, 13], [13, 14]]
    """

    def __init__(self, *, lower: bool = True) -> None:
        self.lower = lower

    def split(self, text: str) -> Pieces:
        return one_each(text, [found.span() for found in pattern.word().finditer(text)], lower=self.lower)
