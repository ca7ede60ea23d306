"""Look a table over before training: what is missing, repeated, contradictory, uneven, damaged or given away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from salience.data.finding import SEVERITIES, Finding, View
from salience.data.infer import Inference
from salience.data.leaks import labels_in_texts, telling_columns
from salience.data.split import Split
from salience.data.target import NUMBERS

_RARE = 5
_CONTINUATION = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
# What UTF-8 looks like after it was read as a Western code page, and the replacement characters of failed readings.
_DAMAGED = re.compile(f"\ufffd|锟斤拷|ï»¿|Ã[\u0080-\u00bf]|â€[\u0090-\u009f™œ\u009d]|([ä-é]{_CONTINUATION}{{2}}){{2}}")


def check(frame: pd.DataFrame, inference: Inference, split: Split | None = None) -> list[Finding]:
    """What its owner should know about a table, the serious first.

    Args:
        split: a division of the rows of this very frame; with it, texts on two sides are found as well.

    Raises:
        DataError: a target is not what the task wants.
    """
    view = View(frame, inference)
    checks: tuple[Callable[[View], Iterator[Finding]], ...] = (
        telling_columns,
        labels_in_texts,
        _conflicts,
        _blank_texts,
        _missing_cells,
        _damaged_texts,
        _uneven_classes,
        _rare_classes,
        _duplicates,
        _long_texts,
        _useless_columns,
    )
    findings = [finding for each in checks for finding in each(view)]
    if split is not None:
        findings += _overlap(view, split)
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _conflicts(view: View) -> Iterator[Finding]:
    rows = np.flatnonzero(view.known & ~view.blank)
    text = pd.factorize(np.array(view.texts, dtype=object)[rows])[0]
    target = view.classes[np.cumsum(view.known)[rows] - 1]
    pairs = pd.DataFrame({"text": text, "target": target}).drop_duplicates()
    several = np.bincount(pairs["text"], minlength=1) > 1
    found = rows[several[text]]
    if len(found):
        yield Finding(
            "serious" if len(found) > 0.05 * len(view) else "warning",
            "conflicting targets",
            f"different targets for the same {view.read} in {len(found):,} of {len(view):,} rows",
            count=len(found),
            rows=view.examples(found),
            columns=(*view.inference.inputs, view.inference.target),
        )


def _blank_texts(view: View) -> Iterator[Finding]:
    found = np.flatnonzero(view.blank)
    if len(found):
        yield Finding(
            "warning",
            f"empty {view.read}s",
            f"nothing to read in {len(found):,} of {len(view):,} rows",
            count=len(found),
            rows=view.examples(found),
            columns=view.inference.inputs,
        )


def _missing_cells(view: View) -> Iterator[Finding]:
    inputs = view.inference.inputs
    for name in view.frame.columns:
        # Rows without the only input have nothing to read, which is said once.
        if inputs == (name,):
            continue
        found = np.flatnonzero(view.frame[name].isna())
        if len(found):
            yield Finding(
                "warning" if name in (*inputs, view.inference.target) else "info",
                "missing cells",
                f"no value in column '{name}' in {len(found):,} of {len(view):,} rows",
                count=len(found),
                rows=view.examples(found),
                columns=(str(name),),
            )


def _damaged_texts(view: View) -> Iterator[Finding]:
    matches = ((row, _DAMAGED.search(text)) for row, text in enumerate(view.texts) if not text.isascii())
    found = {row: match.group() for row, match in matches if match}
    if found:
        rows = list(found)
        yield Finding(
            "warning",
            "damaged characters",
            f"characters such as '{found[rows[0]]}', as if read in a wrong encoding, "
            f"in {len(found):,} of {len(view):,} rows",
            count=len(found),
            rows=view.examples(rows),
            columns=view.inference.inputs,
        )


def _uneven_classes(view: View) -> Iterator[Finding]:
    if view.inference.task != "Classification":
        return
    (label, count), *_ = Counter(view.targets).most_common(1)
    share = count / len(view.targets)
    if share > 0.8:
        yield Finding(
            "warning",
            "uneven classes",
            f"{share:.1%} of the rows have the label '{label}': always saying it is right as often",
            count=count,
            columns=(view.inference.target,),
        )


def _rare_classes(view: View) -> Iterator[Finding]:
    if view.inference.task in NUMBERS:
        return
    counts = Counter(label for target in view.targets for label in ([target] if isinstance(target, str) else target))
    rare = sorted(label for label, count in counts.items() if count < _RARE)
    if rare:
        listing = ", ".join(f"'{label}'" for label in rare[:5]) + (", ..." if len(rare) > 5 else "")
        yield Finding(
            "warning",
            "rare classes",
            f"fewer than {_RARE} rows for {len(rare):,} of {len(counts):,} labels: {listing}",
            count=len(rare),
            columns=(view.inference.target,),
        )


def _duplicates(view: View) -> Iterator[Finding]:
    repeated = pd.Series(view.texts, dtype=object).duplicated().to_numpy()
    found = np.flatnonzero(repeated & ~view.blank)
    if len(found):
        yield Finding(
            "warning" if len(found) > 0.01 * len(view) else "info",
            "duplicates",
            f"the {view.read} of an earlier row again in {len(found):,} of {len(view):,} rows",
            count=len(found),
            rows=view.examples(found),
            columns=view.inference.inputs,
        )


def _long_texts(view: View) -> Iterator[Finding]:
    lengths = np.fromiter(map(len, view.texts), dtype=int, count=len(view))
    median = float(np.median(lengths[~view.blank])) if (~view.blank).any() else 0.0
    found = np.flatnonzero((lengths > 10 * median) & (lengths > 1000))
    if len(found):
        yield Finding(
            "info",
            "very long texts",
            f"more than ten times the median of {median:,.0f} characters in {len(found):,} of {len(view):,} rows; "
            f"the longest text has {lengths.max():,}",
            count=len(found),
            rows=view.examples(found[np.argsort(-lengths[found], kind="stable")]),
            columns=view.inference.inputs,
        )


def _useless_columns(view: View) -> Iterator[Finding]:
    meanings = {"constant": "has the same value everywhere", "id": "only names rows", "empty": "is empty"}
    for column in view.inference.columns:
        if column.kind.name in meanings and column.role != "target":
            yield Finding(
                "warning" if column.role == "input" else "info",
                f"{column.kind.name} column",
                f"column '{column.name}' {meanings[column.kind.name]} ({column.kind.reason})",
                count=len(view),
                columns=(column.name,),
            )


def _overlap(view: View, split: Split) -> Iterator[Finding]:
    reported = view.blank.copy()
    for keys, name, words in (
        (view.texts, "overlap", "word for word"),
        (view.folded, "near overlap", "up to capitals and white space"),
    ):
        seen = {keys[row] for row in split.train}
        for side, rows in (("validation", split.validation), ("test", split.test)):
            found = np.array([row for row in rows if keys[row] in seen and not reported[row]], dtype=int)
            reported[found] = True
            if len(found):
                yield Finding(
                    "serious" if len(found) > 0.01 * len(rows) else "warning",
                    name,
                    f"in train as well, {words}: {len(found):,} of the {len(rows):,} {side} {view.read}s",
                    count=len(found),
                    rows=view.examples(found),
                    columns=view.inference.inputs,
                )
