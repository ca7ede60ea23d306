"""Characters: every visible character with its marks on its own."""

from __future__ import annotations

from typing import final

from salience.data.tokens import pattern
from salience.data.tokens.pieces import Pieces, Tokens, one_each


@final
class Character(Tokens):
    """Cut a text into characters, white space left out; an emoji with all that is joined to it is one.

    Needs no dictionary, knows (almost) every character of a new text, and makes long sequences.

    Args:
        lower: `A` and `a` are one character of the vocabulary.

    >>> pieces = Character().split("A座 好！")
    >>> pieces.keys
    ['a', '座', '好', '!']
    >>> pieces.places.tolist()
    [[0, 1], [1, 2], [3, 4], [4, 5]]
    """

    def __init__(self, *, lower: bool = True) -> None:
        self.lower = lower

    def split(self, text: str) -> Pieces:
        return one_each(text, [found.span() for found in pattern.character().finditer(text)], lower=self.lower)
