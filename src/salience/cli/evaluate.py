"""`salience evaluate` and `salience report`: measure a run again, or draw its page again."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salience.cli.answers import input_tables
from salience.cli.console import console, watcher
from salience.core.errors import ModelFolderError
from salience.core.whole import whole
from salience.reports import page
from salience.run.evaluate import evaluate as measure
from salience.run.folder import RunFolder
from salience.run.publish import draw, read_content
from salience.run.run import load


def evaluate(arguments: argparse.Namespace) -> int:
    """Scores and faithfulness on other rows, or what the run measured on its own test rows.

    The exit code is 1 if the attention is not as true as was required, and 0 otherwise.
    """
    named = (arguments.data, arguments.nodes, arguments.edges)
    found = _measured(arguments.run) if named == (None, None, None) else _measure(arguments)
    if arguments.out:
        with whole(arguments.out) as partial:
            partial.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        out = console(quiet=arguments.quiet)
        for line in _lines(found):
            out.print(line)
    if arguments.require_trust is None:
        return 0
    reached = _surely(found["faithfulness"])
    if reached >= arguments.require_trust:
        return 0
    told = "was not measured" if math.isinf(reached) else f"is only sure to be at least {reached:.2f}"
    print(f"the skill of the attention {told}; {arguments.require_trust:.2f} is required", file=sys.stderr)
    return 1


def _surely(proof: Mapping[str, Any] | None) -> float:
    """The skill that the attention has at least: the lower end of its interval."""
    low = proof["skill"]["low"] if proof else None
    return -math.inf if low is None else float(low)


def report(arguments: argparse.Namespace) -> None:
    """Write the page (and, in the run folder, the card and the figures) from what the run measured."""
    folder = RunFolder.open(arguments.run)
    content = read_content(folder)
    path = folder.report
    if arguments.out:
        path = Path(arguments.out)
        with whole(path) as partial:
            page.write(content, partial)
    else:
        draw(content, folder)
    if not arguments.quiet:
        print(json.dumps({"report": str(path)}) if arguments.json else path)


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    run, told = load(arguments.run, allow_foreign=arguments.allow_foreign), watcher(arguments)
    return measure(
        RunFolder(arguments.run),
        run.pipeline,
        input_tables(arguments, run.pipeline),
        count=arguments.rows,
        progress=lambda done, total: told.stage("putting the importance to the proof", done, total),
    ).to_dict()


def _measured(path: str) -> dict[str, Any]:
    """What the run measured itself.

    Raises:
        ModelFolderError: its files hold something else.
    """
    folder = RunFolder.open(path)
    metrics = folder.read_json("metrics.json")
    proof = folder.read_json("faithfulness.json") if (folder.path / "faithfulness.json").exists() else None
    try:
        found = {"scores": metrics["test"], "baselines": metrics["baselines"], "faithfulness": proof}
        # What can be printed is what a run writes.
        _lines(found)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelFolderError(
            f"metrics.json or faithfulness.json does not hold what a run measures ({type(error).__name__}: {error})",
            where=str(folder.path),
            fix="copy the run again, or measure it on a file: salience evaluate RUN labelled.csv",
        ) from error
    return found


def _lines(found: Mapping[str, Any]) -> list[str]:
    lines = []
    for title, scores in {"": found["scores"], **found.get("baselines", {})}.items():
        lines += [title] if title else []
        lines += [f"{name:<18} {_score(score)}" for name, score in scores.items()]
    for column, agreement in found.get("plausibility", {}).items():
        lines.append(f"agreement with people in '{column}'")
        own, chance = agreement["importance"], agreement["permuted"]
        lines += [f"{'average precision':<18} {_score(own['average_precision'])}"]
        lines += [f"{'of random units':<18} {_score(chance['average_precision'])}"]
        lines += [f"{'token F1':<18} {_score(own['tokens']['f1'])}"]
    return [*lines, str(found["faithfulness"]["sentence"])] if found["faithfulness"] else lines


def _score(score: Mapping[str, Any]) -> str:
    if score["value"] is None:
        return f"undefined: {score['reason']}"
    if score["low"] is None:
        return f"{score['value']:.4f}"
    return f"{score['value']:.4f}  [{score['low']:.4f}, {score['high']:.4f}]"
