"""Texts that can be written to any file: half of a surrogate pair is no character, and UTF-8 has no bytes for it."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")


def mended(text: str) -> str:
    """The text with U+FFFD in place of every half character, so that all places in it stay the same.

    >>> mended("so" + chr(0xD83D) + "!") == "so" + chr(0xFFFD) + "!"
    True
    """
    return text if text.isascii() else _HALF.sub("\ufffd", text)
