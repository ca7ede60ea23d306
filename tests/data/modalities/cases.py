"""One row for each kind of data (and each way of using it that works differently): the contract runs over all rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from salience.data.modalities import Text
from salience.data.modality import Modality


@dataclass(frozen=True)
class Case:
    """A modality to be made anew, training cells, and cells of the kinds that users have."""

    make: Callable[[], Modality]
    training: Sequence[Any]
    cells: Sequence[Any]
    missing: Sequence[Any]
    wrong: Sequence[Any]


REVIEWS = (
    "A good film. A very good cast!",
    "Not a good film; the plot is thin, the cast is not.",
    "The cast is good.\nThe plot is not good.",
    "味道很好。服务不好！",
    "服务很好，味道不好。",
)
CELLS = (
    *REVIEWS,
    "good",
    "Zebra! Quagga?",
    "The film e\u0301tait ﬁne 👨‍👩‍👧. İ said: “good”… 今天很好",
    "a\x00b \ud800 c",
    "word " * 41,
)
MISSING = (None, float("nan"), "", " \n\t", "\u200b")


def text(**options: Any) -> Case:
    return Case(
        make=lambda: Text(**options),
        training=(*REVIEWS, None, ""),
        cells=CELLS,
        missing=MISSING,
        wrong=(3, 2.5, b"good", ["good"], True),
    )


CASES = {
    "Text": text(),
    "Text, pairs": text(pairs=97),
    "Text, cut short": text(max_tokens=5),
    "Text, characters": text(tokens="Character", min_count=1),
    "Text, byte pairs": text(tokens={"BytePair": {"size": 101}}),
    "Text, word pieces": text(tokens={"WordPiece": {"size": 101}}, max_tokens=7),
}
