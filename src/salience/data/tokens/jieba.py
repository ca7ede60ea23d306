"""Chinese words, found with the dictionary and the hidden Markov model of the package jieba."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any, final

from salience.core.packages import require
from salience.data.tokens import pattern
from salience.data.tokens.pieces import Pieces, Tokens, one_each

# The characters that jieba's dictionary can hold: common ideographs, and what stands in words like `T恤` and `卡拉OK`.
BLOCK = re.compile(r"[\u4e00-\u9fd5a-zA-Z0-9+#&._%\-]+")
HAN = re.compile(r"[\u4e00-\u9fd5]")


@final
class Jieba(Tokens):
    """Cut a text into Chinese words; everything that is not Chinese is cut as by `Word`.

    The same text is always cut in the same way. Needs the package jieba (`pip install 'salience[chinese]'`), whose
    dictionary takes about a second to read, once.

    Args:
        lower: `OK` and `ok` are one word of the vocabulary.

    >>> pieces = Jieba().split("味道很好，don't miss!")
    >>> pieces.keys
    ['味道', '很', '好', ',', "don't", 'miss', '!']
    """

    def __init__(self, *, lower: bool = True) -> None:
        self.lower = lower

    def split(self, text: str) -> Pieces:
        return one_each(text, list(_spans(text)), lower=self.lower)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    done = 0
    for block in BLOCK.finditer(text):
        if HAN.search(block.group()):
            yield from _words(text, done, block.start())
            yield from _chinese(block)
            done = block.end()
    yield from _words(text, done, len(text))


def _words(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for found in pattern.word().finditer(text, start, stop):
        yield found.span()


def _chinese(block: re.Match[str]) -> Iterator[tuple[int, int]]:
    for _, start, stop in _cutter().tokenize(block.group()):
        yield block.start() + start, block.start() + stop


@cache
def _cutter() -> Any:
    with warnings.catch_warnings():
        # The package's own source makes Python warn about escapes in strings, which no user can act on.
        warnings.simplefilter("ignore")
        jieba = require("jieba", extra="chinese")
        cutter = jieba.Tokenizer()
        # Left to itself it would read and write a cache in the folder for temporary files, and talk about it.
        cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    return cutter
