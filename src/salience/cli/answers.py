"""`salience predict` and `salience explain`: answers to new rows, alone or with their reasons."""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from salience.cli.console import console
from salience.core.errors import ConfigError, NotAvailable
from salience.data import table
from salience.reports import terminal
from salience.run import content
from salience.run.explain import explain as explain_rows
from salience.run.files import answers_frame
from salience.run.folder import RunFolder
from salience.run.publish import read_content
from salience.run.run import Run, load


def predict(arguments: argparse.Namespace) -> None:
    """Answer every row of a file, in memory that does not depend on its length, or one text."""
    run = load(arguments.run)
    if arguments.text is not None:
        _one_text(arguments, run)
        (answer,) = run.stream([arguments.text])
        said = {"prediction": answer.prediction, "probability": answer.probability, **_every(answer)}
        print(json.dumps(said, ensure_ascii=False) if arguments.json else _line(answer))
        return
    bad: list[tuple[Any, str]] = []
    frames = _frames(arguments, bad)
    if arguments.out is None:
        _write(run, frames, sys.stdout)
    else:
        path = Path(arguments.out)
        partial = path.with_name(f".{path.name}.partial")
        with partial.open("w", encoding="utf-8", newline="") as file:
            count = _write(run, frames, file)
        partial.replace(path)
        if not arguments.quiet:
            print(json.dumps({"rows": count, "out": str(path)}) if arguments.json else f"{count:,} rows: {path}")
    for row, reason in bad:
        print(f"left out row {row}: {reason}", file=sys.stderr)


def explain(arguments: argparse.Namespace) -> None:
    """Answer rows and show what mattered; to a file as one line per unit, or to the terminal as marked text."""
    run = load(arguments.run)
    if arguments.text is not None:
        _one_text(arguments, run)
        rows, ids = [{run.pipeline.columns[0]: arguments.text}], ["1"]
    else:
        frame = table.read(_file(arguments))
        frame = frame if arguments.rows == 0 else frame.head(arguments.rows)
        rows, ids = _cells(frame, run), [str(each) for each in frame.index]
    result = explain_rows(run.pipeline, rows, method=arguments.method, ids=ids)
    if arguments.out:
        result.save(arguments.out)
        if not arguments.quiet:
            print(json.dumps({"rows": len(result), "out": arguments.out}) if arguments.json else arguments.out)
        return
    if arguments.json:
        print(result.to_frame().to_json(orient="records", force_ascii=False))
        return
    out = console(quiet=arguments.quiet)
    proof = read_content(RunFolder(arguments.run)).proof
    for i, row in enumerate(result.rows):
        shown = content.example(result.ids[i], row, result.answers[i], {result.method: result.heats[i]})
        out.print(terminal.example(shown, content.method(result.method), proof, colour=terminal.coloured(out)))
        out.print()


def _frames(arguments: argparse.Namespace, bad: list[tuple[Any, str]]) -> Iterator[Any]:
    """The file piece by piece; rows that are left out are kept in `bad`."""
    how = "skip" if arguments.skip_bad_rows else "raise"
    for frame in table.stream(_file(arguments), on_bad_rows=how):
        bad.extend(frame.attrs.get("bad_rows", ()))
        yield frame


def _write(run: Run, frames: Iterator[Any], file: TextIO) -> int:
    """Write one line per row as it is answered, and return how many there were."""
    ids, rows = itertools.tee(frame for frame in frames)
    answers = run.stream(cell for frame in rows for cell in _cells(frame, run))
    names = (str(name) for frame in ids for name in frame.index)
    writer = csv.writer(file, lineterminator="\n")
    count = 0
    while part := list(itertools.islice(zip(names, answers, strict=True), 1024)):
        lines = answers_frame([name for name, _ in part], [answer for _, answer in part])
        if not count:
            writer.writerow(lines.columns)
        writer.writerows(lines.itertuples(index=False))
        count += len(part)
    return count


def _cells(frame: Any, run: Run) -> list[dict[str, Any]]:
    for name in run.pipeline.columns:
        table.column(frame, name)
    return frame[run.pipeline.columns].to_dict("records")


def _file(arguments: argparse.Namespace) -> str:
    if not arguments.data:
        raise ConfigError("nothing to answer", fix="give a file, or a text with --text")
    return arguments.data


def _one_text(arguments: argparse.Namespace, run: Run) -> None:
    if arguments.data:
        raise ConfigError("a file and --text were both given", fix="give one of them")
    if len(run.pipeline.columns) > 1:
        columns = ", ".join(run.pipeline.columns)
        raise NotAvailable(f"the model reads several columns ({columns}), and --text gives one", fix="give a file")


def _every(answer: Any) -> dict[str, Any]:
    return {"probabilities": dict(answer.probabilities)} if answer.probabilities else {}


def _line(answer: Any) -> str:
    probability = "" if answer.probability is None else f"  {answer.probability:.1%}"
    return f"{content.said(answer)}{probability}"
