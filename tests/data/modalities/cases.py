"""One row for each kind of data (and each way of using it that works differently): the contract runs over all rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from salience.data.modalities import Table, Text
from salience.data.modality import Modality


@dataclass(frozen=True)
class Case:
    """A modality to be made anew, training cells, and cells of the kinds that users have."""

    make: Callable[[], Modality]
    training: Sequence[Any]
    cells: Sequence[Any]
    missing: Sequence[Any]
    wrong: Sequence[Any]
    expected: str = "text"


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


PEOPLE = (
    {"age": 30, "job": "cook", "member": "yes", "since": "2024-01-31", "id": 1},
    {"age": "41.5", "job": "vet", "member": "no", "since": "2023-05-01 12:30", "id": 2},
    {"age": None, "job": "cook", "member": "Yes", "since": None, "id": 3},
    {"age": "-7", "job": "vet", "member": None, "since": "2024/02/29", "id": 4},
    {"age": 1e300, "job": None, "member": "NO", "since": "2020-12-31T23:59:59+01:00", "id": 5},
)
COLUMNS = {"age": "numeric", "job": "categorical", "member": "boolean", "since": "date"}


def table(**options: Any) -> Case:
    return Case(
        make=lambda: Table(**options),
        training=PEOPLE,
        cells=(*PEOPLE, {"age": -1e300, "job": "king", "member": "maybe", "since": "1066-10-14"}),
        missing=(None,),
        wrong=(3, "text", ["a"]),
        expected="a mapping from column to cell",
    )


CASES = {
    "Table": table(columns=COLUMNS),
    "Table, standard": table(columns=COLUMNS, numbers="standard"),
    "Table, numbers": table(columns=["age"]),
    "Text": text(),
    "Text, pairs": text(pairs=97),
    "Text, cut short": text(max_tokens=5),
    "Text, characters": text(tokens="Character", min_count=1),
    "Text, byte pairs": text(tokens={"BytePair": {"size": 101}}),
    "Text, word pieces": text(tokens={"WordPiece": {"size": 101}}, max_tokens=7),
}
