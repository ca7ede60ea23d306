"""`salience compare`: how scores, answers and importance differ between two runs, as a table and as a check."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from salience.cli.answers import input_tables
from salience.cli.console import console, watcher
from salience.core.whole import whole
from salience.evaluation.comparison import Comparison
from salience.evaluation.score import Score
from salience.reports import compared
from salience.reports.numerals import NOTHING, measured, number
from salience.run import content
from salience.run.compare import compare as measure
from salience.run.environment import environment
from salience.run.run import load


def compare(arguments: argparse.Namespace) -> int:
    """Compare, print, and write the JSON file and the page.

    The exit code is 1 if the drift, or the drop of the first score, is surely above what was allowed, or is not known,
    and 0 otherwise.
    """
    told = watcher(arguments)
    first, second = (load(each, allow_foreign=arguments.allow_foreign) for each in (arguments.run_a, arguments.run_b))
    found = measure(
        first,
        second,
        input_tables(arguments, first.pipeline),
        method=arguments.method,
        count=arguments.rows,
        seed=arguments.seed,
        group=arguments.group,
        progress=told.stage,
    )
    written = {"runs": [str(first.folder), str(second.folder)], **found.to_dict(), "environment": environment()}
    if arguments.out:
        with whole(arguments.out) as partial:
            partial.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if arguments.report:
        compared.write(found, written["runs"], content.now(), arguments.report)
    if arguments.json:
        print(json.dumps(written, ensure_ascii=False))
    else:
        out = console(quiet=arguments.quiet)
        for line in lines(found):
            out.print(line)
    broken = [*_drifted(found, arguments.max_drift), *_dropped(found, arguments.max_score_drop)]
    for each in broken:
        print(each, file=sys.stderr)
    return 1 if broken else 0


def lines(found: Comparison) -> Iterator[str]:
    """The sentence, a table of scores, one of answers and importance, and what a reader has to know."""
    yield found.sentence
    if found.scores:
        yield ""
        scores = [
            (name, measured(each.first), measured(each.second), measured(each.difference), each.verdict)
            for name, each in found.scores.items()
        ]
        yield from _aligned([("score", "first run", "second run", "difference", "second is"), *scores])
    yield ""
    told = [(each.name, _written(each.score), each.meaning) for each in compared.compared(found)]
    yield from _aligned([("answers and importance", "", ""), *told])
    if found.verdicts:
        yield ""
        yield from _aligned([(f"verdict of {name}", " -> ".join(each)) for name, each in found.verdicts.items()])
    for note in found.notes:
        yield ""
        yield note


def _written(score: Score) -> str:
    return measured(score) if score.value is not None else f"{NOTHING} {score.reason}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _drifted(found: Comparison, limit: float | None) -> Iterator[str]:
    if limit is None:
        return
    drift = found.importance.drift
    if drift.low is None:
        yield f"whether the drift lies above {number(limit)} is not known: {_open(drift)}"
    elif drift.low > limit:
        yield f"the drift is surely at least {number(drift.low)}; {number(limit)} is allowed"


def _dropped(found: Comparison, limit: float | None) -> Iterator[str]:
    if limit is None:
        return
    if not found.scores:
        yield "whether the second run is worse is not known: the rows have no targets"
        return
    name, change = next(iter(found.scores.items()))
    if change.gain.high is None:
        yield f"whether the second run is worse in {name} is not known: {_open(change.gain)}"
    elif -change.gain.high > limit:
        least = number(-change.gain.high)
        yield f"the second run is surely worse in {name} by at least {least}; {number(limit)} is allowed"


def _open(score: Score) -> str:
    return score.reason or "a single row, or a single group, has no interval"
