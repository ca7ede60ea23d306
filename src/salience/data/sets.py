"""The known data sets as tables, read from their files as they were published."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas

from salience.core.errors import NotAvailable
from salience.data.archive import read_members
from salience.data.fetch import get
from salience.data.registry import lookup


def rows(name: str) -> pandas.DataFrame:
    """A known data set as a table; its files are fetched and verified first.

    | name | columns | rows |
    | --- | --- | --- |
    | `imdb` | `text`, `label` (`neg`, `pos`), `split` (`train`, `test`), `id` (path in the archive) | 50,000 |
    | `sst2` | `text`, `label` (`negative`, `positive`), `split` (`train`, `dev`, `test`) | 9,613 |
    | `chnsenticorp-htl` | `text` (one is missing), `label` (`negative`, `positive`) | 7,766 |
    | `waimai-10k` | `text`, `label` (`negative`, `positive`) | 11,987 |

    Raises:
        ConfigError: there is no such data set.
        NotAvailable: it is known but not readable as a table, or its files cannot be had.
        DataError: a file is not what it should be.
    """
    lookup(name)
    if name not in _READERS:
        raise NotAvailable(
            f"the data set '{name}' cannot be read as a table yet",
            fix=f"read its files yourself (salience.data.get), or take one of: {', '.join(readable())}",
        )
    return _READERS[name](get(name))


def readable() -> list[str]:
    """The names that `rows` can read."""
    return sorted(_READERS)


_IMDB_NAME = re.compile(r"aclImdb/(train|test)/(neg|pos)/\d+_\d+\.txt")
_LINE_BREAK = re.compile(r"\s*(?:<br\s*/?>\s*)+")
_SENTIMENT = {"0": "negative", "1": "positive"}


def _imdb(folder: Path) -> pandas.DataFrame:
    table = []
    for member, content in read_members(folder / "aclImdb_labelled.tar.xz", suffix=".txt"):
        if found := _IMDB_NAME.fullmatch(member):
            table.append((_LINE_BREAK.sub("\n", content.decode("utf-8")), found[2], found[1], member))
    return pandas.DataFrame(table, columns=["text", "label", "split", "id"])


def _sst2(folder: Path) -> pandas.DataFrame:
    table = []
    for split in ("train", "dev", "test"):
        lines = (folder / "data" / "SST2" / f"{split}.tsv").read_text(encoding="utf-8").rstrip("\n").split("\n")
        for text, _, label in (line.rpartition("\t") for line in lines):
            table.append((text, _SENTIMENT[label], split))
    return pandas.DataFrame(table, columns=["text", "label", "split"])


def _chinese_reviews(path: Path) -> pandas.DataFrame:
    # Only an empty cell is missing: a review may well read "NA".
    table = pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    return pandas.DataFrame({"text": table["review"], "label": table["label"].map(_SENTIMENT)})


def _hotels(folder: Path) -> pandas.DataFrame:
    return _chinese_reviews(folder / "datasets" / "ChnSentiCorp_htl_all" / "ChnSentiCorp_htl_all.csv")


def _waimai(folder: Path) -> pandas.DataFrame:
    return _chinese_reviews(folder / "datasets" / "waimai_10k" / "waimai_10k.csv")


_READERS: dict[str, Callable[[Path], pandas.DataFrame]] = {
    "chnsenticorp-htl": _hotels,
    "imdb": _imdb,
    "sst2": _sst2,
    "waimai-10k": _waimai,
}
