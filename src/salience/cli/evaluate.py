"""`salience evaluate` and `salience report`: measure a run again, or draw its page again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salience.cli.console import console, watcher
from salience.reports import page
from salience.run.evaluate import evaluate as measure
from salience.run.folder import RunFolder
from salience.run.publish import draw, read_content
from salience.run.run import load


def evaluate(arguments: argparse.Namespace) -> None:
    """Scores and faithfulness on other rows, or what the run measured on its own test rows."""
    run = load(arguments.run)
    if arguments.data is None:
        found: dict[str, Any] = {"scores": run.metrics["test"], "baselines": run.metrics["baselines"]}
        path = run.folder / "faithfulness.json"
        found["faithfulness"] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    else:
        told = watcher(arguments)
        found = measure(
            RunFolder(arguments.run),
            run.pipeline,
            arguments.data,
            count=arguments.rows,
            progress=lambda done, total: told.stage("putting the importance to the proof", done, total),
        ).to_dict()
    if arguments.out:
        Path(arguments.out).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    elif not arguments.quiet:
        _print(found)


def report(arguments: argparse.Namespace) -> None:
    """Write the page (and, in the run folder, the card and the figures) from what the run measured."""
    folder = RunFolder.open(arguments.run)
    content = read_content(folder)
    if arguments.out:
        path = page.write(content, arguments.out)
    else:
        draw(content, folder)
        path = folder.report
    if not arguments.quiet:
        print(json.dumps({"report": str(path)}) if arguments.json else path)


def _print(found: Mapping[str, Any]) -> None:
    out = console()
    tables = {"": found["scores"], **found.get("baselines", {})}
    for title, scores in tables.items():
        if title:
            out.print(title)
        for name, score in scores.items():
            out.print(f"{name:<18} {_score(score)}")
    if found["faithfulness"]:
        out.print(found["faithfulness"]["sentence"])


def _score(score: Mapping[str, Any]) -> str:
    if score["value"] is None:
        return f"undefined: {score['reason']}"
    if score["low"] is None:
        return f"{score['value']:.4f}"
    return f"{score['value']:.4f}  [{score['low']:.4f}, {score['high']:.4f}]"
