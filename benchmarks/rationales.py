"""Texts in which people marked the reasons, as published: three data sets, each with its official sides."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from salience.data.archive import read_members
from salience.data.fetch import get
from salience.data.rationale import Rationale, read_rationale

Stretch = tuple[int, int]


@dataclass(frozen=True)
class Marked:
    """One side of a data set."""

    texts: list[str]
    labels: list[str]
    rationales: list[Rationale | None]

    def rows(self) -> list[dict[str, str]]:
        return [{"text": text} for text in self.texts]


def hatexplain() -> dict[str, Marked]:
    """Posts, toxic or not: the official validation and test posts, and the 5,514 of 15,383 training posts there are.

    Only toxic posts are annotated; the marks of all annotators are one. Other posts count as not annotated.
    """
    folder = get("hatexplain-eraser")
    official = _json(folder / "data" / "post_id_divisions.json")
    files = [f"{part}_split{number}.json" for number in (1, 2, 3) for part in ("val", "test")]
    known = {row["annotation_id"]: row for name in files for row in _json(folder / "data" / name)}
    texts = _documents(folder / "Model_Eval_docs.tar.gz")
    held = {*official["val"], *official["test"]}
    sides = {"train": [i for i in known if i not in held], "validation": official["val"], "test": official["test"]}
    return {side: _eraser([known[i] for i in sorted(ids)], texts) for side, ids in sides.items()}


def movies() -> dict[str, Marked]:
    """Film reviews: the published sides, without the validation reviews that stand in the training file as well.

    Training rationales are a part of the reasons (9 % of the words), those of the test reviews are all (31 %).
    """
    folder = get("eraser-movies")
    texts = _documents(folder / "docs.tar.gz")
    sides = {
        side: [json.loads(line) for line in (folder / "data" / "movies" / f"{name}.jsonl").read_text().splitlines()]
        for side, name in (("train", "train"), ("validation", "val"), ("test", "test"))
    }
    leaked = {row["annotation_id"] for row in sides["validation"]}
    sides["train"] = [row for row in sides["train"] if row["annotation_id"] not in leaked]
    return {side: _eraser(rows, texts) for side, rows in sides.items()}


def toxic_spans() -> dict[str, Marked]:
    """Posts with the offsets of their toxic characters; the label is whether there are any. Trial is validation."""
    folder = get("toxic-spans") / "SemEval2021" / "data"
    sides = {}
    for side, name in (("train", "train"), ("validation", "trial"), ("test", "test")):
        frame = pandas.read_csv(folder / f"tsd_{name}.csv", keep_default_na=False)
        offsets = [json.loads(each) for each in frame["spans"]]
        marks = [read_rationale(runs(each), text) for each, text in zip(offsets, frame["text"], strict=True)]
        sides[side] = Marked(frame["text"].tolist(), ["toxic" if each else "clean" for each in offsets], marks)
    return sides


READERS: Mapping[str, Callable[[], dict[str, Marked]]] = {
    "hatexplain": hatexplain,
    "movies": movies,
    "toxic-spans": toxic_spans,
}


def runs(offsets: Iterable[int]) -> list[Stretch]:
    """Runs of neighbouring characters.

    >>> runs([8, 9, 12])
    [(8, 10), (12, 13)]
    """
    found: list[Stretch] = []
    for offset in sorted(set(offsets)):
        if found and found[-1][1] == offset:
            found[-1] = (found[-1][0], offset + 1)
        else:
            found.append((offset, offset + 1))
    return found


def _eraser(rows: list[dict[str, Any]], texts: Mapping[str, str]) -> Marked:
    """Evidence counts words between white space, and may be empty; a row without any was not annotated."""
    found = Marked([], [], [])
    for row in rows:
        text = texts[row["annotation_id"]]
        words = [each.span() for each in re.finditer(r"\S+", text)]
        pieces = [each for group in row["evidences"] for each in group if each["start_token"] < each["end_token"]]
        spans = [(words[each["start_token"]][0], words[each["end_token"] - 1][1]) for each in pieces]
        found.texts.append(text)
        found.labels.append(row["classification"])
        found.rationales.append(read_rationale(spans, text) if spans else None)
    return found


def _documents(path: Path) -> dict[str, str]:
    return {Path(name).name: content.decode("utf-8") for name, content in read_members(path)}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
