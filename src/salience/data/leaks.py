"""Does something in the table give the target away?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Int

from salience.data.finding import Finding, View
from salience.data.kind import numbers_of
from salience.data.number import notation_of
from salience.data.target import NUMBERS

# A column that is right this often tells the target.
_TELLS = 0.99
_SAMPLE = 5000
_MOST_LABELS = 50


def telling_columns(view: View) -> Iterator[Finding]:
    """Columns whose value tells the target of a row. A text may: the same text should have the same target."""
    for column in view.inference.columns:
        if column.role == "target" or column.kind.name in ("empty", "constant", "nested", "text"):
            continue
        share = _share_told(view, column.name)
        if share < _TELLS:
            continue
        used = column.role == "input"
        advice = "it is an input" if used else "it is no input, and should stay out"
        yield Finding(
            "serious" if used else "warning",
            "target leak",
            f"column '{column.name}' tells the target in {share:.1%} of the rows; {advice}",
            count=round(share * len(view.targets)),
            columns=(column.name,),
        )


def labels_in_texts(view: View) -> Iterator[Finding]:
    """Texts that name their own label."""
    if view.inference.task != "Classification":
        return
    own, other, rows = _share_naming(view)
    if own - other < 0.4:
        return
    yield Finding(
        "serious" if own > 0.9 else "warning",
        "label in text",
        f"{own:.0%} of the texts contain the name of their own label, and {other:.0%} that of another: "
        "a model may only learn to find it",
        count=len(rows),
        rows=view.examples(rows),
        columns=view.inference.inputs,
    )


def _share_told(view: View, name: str) -> float:
    """Share of rows whose target is right when guessed from the column; 0 where that says nothing."""
    cells = ["" if cell is None else str(cell).strip() for cell in view.frame[name][view.known]]
    if view.inference.task in NUMBERS:
        return _share_equal(cells, view.targets)
    value = pd.factorize(np.array(cells, dtype=object))[0]
    num_values, num_classes = value.max() + 1, view.classes.max() + 1
    # A value that hardly comes twice tells every target, and nothing; so does a guess where one class is all.
    if not 2 <= num_values <= len(value) / 2 or np.bincount(view.classes).max() >= _TELLS * len(value):
        return 0.0
    pairs, counts = np.unique(value * num_classes + view.classes, return_counts=True)
    best = np.zeros(num_values, dtype=int)
    np.maximum.at(best, pairs // num_classes, counts)
    return float(best.sum() / len(value))


def _share_equal(cells: list[str], targets: list[float]) -> float:
    """Share of rows where the target is one and the same linear function of a number."""
    numbers, wanted = numbers_of(cells, notation_of(filter(None, cells))), np.array(targets)
    if np.isnan(numbers).all() or len(np.unique(numbers[np.isfinite(numbers)])) < 3:
        return 0.0
    low, high = np.nanargmin(numbers), np.nanargmax(numbers)
    with np.errstate(all="ignore"):
        slope = (wanted[high] - wanted[low]) / (numbers[high] - numbers[low])
        off = np.abs(wanted[low] + slope * (numbers - numbers[low]) - wanted)
        return float((off <= 1e-3 * wanted.std()).mean())


def _share_naming(view: View) -> tuple[float, float, Int[np.ndarray, "_"]]:
    """Share of texts that contain their own label, mean share that contain another, and rows of the first."""
    places = np.flatnonzero(view.known)
    chosen = np.arange(len(places))[:: -(-len(places) // _SAMPLE)]
    texts = [view.folded[places[i]] for i in chosen]
    targets = np.array([view.targets[i].lower() for i in chosen], dtype=object)
    labels = [label for label in sorted(set(targets)) if _is_word(label)][:_MOST_LABELS]
    own, other, naming = 0, 0, []
    for label in labels:
        has = np.array(_containing(texts, label))
        mine = targets == label
        own, other = own + int((has & mine).sum()), other + int((has & ~mine).sum())
        naming.append(places[chosen[has & mine]])
    num_other = len(chosen) * max(1, len(labels) - 1)
    rows = np.sort(np.concatenate(naming)) if naming else np.array([], dtype=int)
    return own / len(chosen), other / num_other, rows


def _is_word(label: str) -> bool:
    """Numbers and single letters stand in texts by chance."""
    return len(label) >= (2 if not label.isascii() else 3) and re.search(r"[^\W\d_]", label) is not None


def _containing(texts: list[str], label: str) -> list[bool]:
    """Which texts contain the label as a word; in Chinese there are no spaces between words."""
    if not label.isascii():
        return [label in text for text in texts]
    word = re.compile(rf"(?<!\w){re.escape(label)}(?!\w)")
    return [label in text and word.search(text) is not None for text in texts]
