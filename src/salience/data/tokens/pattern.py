"""Where words and characters begin and end in any script, by character class (Unicode categories).

A word is, tried in this order:

1. letters and digits with the marks that belong to them, held together inside by an apostrophe, hyphen, underscore,
   middle dot or joiner (`don't`, `well-known`), and between digits by `. , :` (`3.5`, `1,000`, `10:30`);
2. a flag, or an emoji with its skin tone, variation selector and everything joined to it;
3. any other single visible character with its marks: a punctuation mark, and each Han or Kana character.

Space, control and invisible format characters are no word. Scripts that write no spaces and are not Han or Kana (Thai,
Lao, Khmer, Burmese) come out as one word per run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

# Kana, ideographs with their extensions and compatibility forms, and the marks 々〆〇 written like them.
HAN_AND_KANA = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
JOINERS = "'’_·\u00ad\u200c\u200d\u2010\u2011-"
EMOJI = "[\u2190-\u2bff\U0001f000-\U0001faff]"
FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
SKIN_TONES_AND_TAGS = "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
ZERO_WIDTH_JOINER = "\u200d"


@cache
def word() -> re.Pattern[str]:
    """Matches the words of a text, one after the other.

    >>> word().findall("Don't miss it: 3.5 stars, 好看!")
    ["Don't", 'miss', 'it', ':', '3.5', 'stars', ',', '好', '看', '!']
    """
    letter = rf"[^\W_{HAN_AND_KANA}]"
    inside = rf"(?:[{JOINERS}]|(?<=\d)[.,:](?=\d))"
    # Marks and joiners are no letters, so that each character can be read in one way only and time stays linear.
    run = f"{letter}+(?:[{_marks()}]+{letter}*|{inside}{letter}+)*"
    return re.compile(f"{run}|{_single()}")


@cache
def character() -> re.Pattern[str]:
    """Matches the visible characters of a text, each with its marks.

    >>> character().findall("a1 好。")
    ['a', '1', '好', '。']
    """
    return re.compile(_single())


def fold(piece: str, lower: bool) -> str:
    """The vocabulary key of a piece: compatibility forms composed (NFKC), one apostrophe, lower case if wanted.

    >>> fold("ＤＯＮ’Ｔ", lower=True)
    "don't"
    """
    if not piece.isascii():
        piece = unicodedata.normalize("NFKC", piece).replace("’", "'")
    return piece.lower() if lower else piece


def _single() -> str:
    emoji = f"{EMOJI}[{_marks()}{SKIN_TONES_AND_TAGS}]*"
    return f"{FLAG}|{emoji}(?:{ZERO_WIDTH_JOINER}{emoji})*|[^\\s{_invisible()}][{_marks()}]*"


@cache
def _marks() -> str:
    return _class("Mn", "Mc", "Me")


@cache
def _invisible() -> str:
    return _class("Cc", "Cf")


def _class(*categories: str) -> str:
    """The inside of a regular expression's `[...]` that matches the characters of these categories."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _runs(categories))


def _runs(categories: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    first = None
    # Beyond these planes there are ideographs and private characters only.
    for code in (*range(0x20000), *range(0xE0000, 0xE0200)):
        belongs = unicodedata.category(chr(code)) in categories
        if belongs and first is None:
            first = code
        elif not belongs and first is not None:
            yield first, code - 1
            first = None
