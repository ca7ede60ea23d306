"""`salience predict` and `salience explain`: answers to new rows, alone or with their reasons."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import pandas as pd

from salience.cli.console import console
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.whole import whole
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
    run = load(arguments.run, allow_foreign=arguments.allow_foreign)
    if arguments.text is not None:
        _one_text(arguments, run)
        (answer,) = run.stream([arguments.text])
        said = {"prediction": answer.prediction, "probability": answer.probability, **_every(answer)}
        print(json.dumps(said, ensure_ascii=False) if arguments.json else _line(answer))
        return
    bad: list[tuple[str, str]] = []
    answered = _answered(arguments, run, bad)
    if arguments.out is None:
        _write(answered, sys.stdout, as_json=arguments.json)
    else:
        with whole(arguments.out) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            count = _write(answered, file)
        if not arguments.quiet:
            said = {"rows": count, "left_out": len(bad), "out": arguments.out}
            print(json.dumps(said, ensure_ascii=False) if arguments.json else f"{count:,} rows: {arguments.out}")
    for row, reason in bad:
        print(f"left out row {row}: {reason}", file=sys.stderr)


def explain(arguments: argparse.Namespace) -> None:
    """Answer rows and show what mattered; to a file as one line per unit, or to the terminal as marked text."""
    run = load(arguments.run, allow_foreign=arguments.allow_foreign)
    if arguments.text is not None:
        _one_text(arguments, run)
        rows, ids = [{run.pipeline.columns[0]: arguments.text}], ["1"]
    else:
        frame = (
            next(table.stream(_file(arguments), chunk=arguments.rows))
            if arguments.rows
            else table.read(_file(arguments))
        )
        rows, ids = _cells(frame, run), [str(each) for each in frame.index]
    result = explain_rows(run.pipeline, rows, method=arguments.method, ids=ids)
    if arguments.out:
        with whole(arguments.out) as partial:
            result.save(partial)
        if not arguments.quiet:
            said = {"rows": len(result), "out": arguments.out}
            print(json.dumps(said, ensure_ascii=False) if arguments.json else arguments.out)
        return
    if arguments.json:
        print(json.dumps(result.to_frame().to_dict("records"), ensure_ascii=False))
        return
    out = console(quiet=arguments.quiet)
    proof = read_content(RunFolder(arguments.run)).proof
    for i, row in enumerate(result.rows):
        shown = content.example(result.ids[i], row, result.answers[i], {result.method: result.heats[i]})
        out.print(terminal.example(shown, content.method(result.method), proof, colour=terminal.coloured(out)))
        out.print()


def _answered(arguments: argparse.Namespace, run: Run, bad: list[tuple[str, str]]) -> Iterator[pd.DataFrame]:
    """The answers to the file piece by piece; rows that are left out are kept in `bad`."""
    how = "skip" if arguments.skip_bad_rows else "raise"
    for frame in table.stream(_file(arguments), on_bad_rows=how):
        bad.extend(frame.attrs.get("bad_rows", ()))
        examples = {}
        for name, cells in zip(frame.index, _cells(frame, run), strict=True):
            try:
                examples[name] = run.pipeline.encode_row(cells, name=name)
            except DataError as error:
                if not arguments.skip_bad_rows:
                    raise
                bad.append((name, error.problem))
        yield answers_frame(list(examples), run.pipeline.answers(list(examples.values())))


def _write(answered: Iterable[pd.DataFrame], file: TextIO, *, as_json: bool = False) -> int:
    """Write a line per row as soon as it is answered, and return how many there were."""
    count = 0
    for lines in answered:
        if as_json:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in lines.to_dict("records"))
        elif len(lines):
            lines.to_csv(file, index=False, header=not count, lineterminator="\n")
        count += len(lines)
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
