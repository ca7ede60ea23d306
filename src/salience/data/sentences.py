"""Where the sentences of a text end."""

from __future__ import annotations

import re

import numpy as np

# A full stop after one of these, or after a single letter that is no `I`, ends no sentence.
TITLES = ("Mr", "Mrs", "Ms", "Dr", "Prof", "Jr", "Sr", "St", "vs", "cf", "Fig")
GOES_ON = r"(?<!\b[A-HJ-Za-z]\.)" + "".join(rf"(?<!\b{title}\.)" for title in TITLES)
LINE = "\n\r\u0085\u2028\u2029"
# These need no space behind them.
CHINESE = "。！？；｡…"
OTHERS = ".!?;؟।"
CLOSING = "[\"'”’»)\\]」』）》]*"
# One class comes first, because a search for it is fast; what follows depends on which of its characters was met.
END = re.compile(
    f"[{LINE}{CHINESE}{OTHERS}](?:"
    f"(?<=[{LINE}])[{LINE}]*"
    f"|(?<=[{CHINESE}])[{CHINESE}{OTHERS}]*{CLOSING}"
    # Followed by a space, a tag, or nothing: `3.5` and `example.org` go on.
    rf"|(?<=[{OTHERS}]){GOES_ON}[{OTHERS}…]*{CLOSING}(?=\s|<|$)"
    ")"
)


def sentence_ends(text: str) -> np.ndarray:
    """Where each sentence stops, in code points, ascending: int32 [N]. What follows the last end is one more sentence.

    A sentence ends with `. ! ? ;` before white space or a tag, with `。！？；…` anywhere, and with the line.

    >>> sentence_ends("Dr. No? Yes, 3.5 times. 很好。真的").tolist()
    [7, 23, 27]
    """
    return np.array([found.end() for found in END.finditer(text)], dtype=np.int32)
