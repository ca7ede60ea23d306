"""`salience predict`: answers to new rows."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import pandas as pd

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.whole import whole
from salience.data import GraphTables, table
from salience.pipeline import Pipeline
from salience.run import content
from salience.run.files import answers_frame
from salience.run.graph_asked import asked, reads_graph
from salience.run.run import Run, load
from salience.run.series_rows import ids_of, latest, reads_series
from salience.run.settings import saved_settings
from salience.run.trajectories import trajectories_frame
from salience.tasks import Answer, Forecast, Ranking


def predict(arguments: argparse.Namespace) -> None:
    """Answer every row of a file, in memory that does not depend on its length, or one text."""
    run = load(arguments.run, allow_foreign=arguments.allow_foreign)
    if arguments.text is not None:
        (answer,) = run.stream([one_text(arguments, run.pipeline)])
        said = {"prediction": answer.prediction, "probability": answer.probability, **_every(answer)}
        print(json.dumps(said, ensure_ascii=False) if arguments.json else _line(answer))
        return
    bad: list[tuple[str, str]] = []
    answered = _answered(arguments, run, bad)
    if arguments.out is None:
        _write(answered, sys.stdout, as_json=arguments.json)
    else:
        with whole(arguments.out) as partial, partial.open("w", encoding="utf-8", newline="") as out:
            count = _write(answered, out)
        if not arguments.quiet:
            said = {"rows": count, "left_out": len(bad), "out": arguments.out}
            print(json.dumps(said, ensure_ascii=False) if arguments.json else f"{count:,} rows: {arguments.out}")
    for row, reason in bad:
        print(f"left out row {row}: {reason}", file=sys.stderr)


def _answered(arguments: argparse.Namespace, run: Run, bad: list[tuple[str, str]]) -> Iterator[pd.DataFrame]:
    """The answers to the file piece by piece; rows that are left out are kept in `bad`."""
    given = input_tables(arguments, run.pipeline)
    if arguments.skip_bad_rows and (reads_series(run.pipeline) or reads_graph(run.pipeline)):
        kind = "a graph" if reads_graph(run.pipeline) else "series"
        raise NotAvailable(f"rows of {kind} are read together", where="--skip-bad-rows", fix="leave it out")
    if reads_series(run.pipeline):
        rows = latest(run.pipeline, input_file(arguments))
        answers, windows = run.pipeline.predict(rows), [next(iter(row.values())) for row in rows]
        is_forecast = isinstance(run.pipeline.task, Forecast)
        yield (
            trajectories_frame(ids_of(rows), answers, windows) if is_forecast else answers_frame(ids_of(rows), answers)
        )
        return
    if reads_graph(run.pipeline):
        input_file(arguments)
        found = asked(given, saved_settings(run.folder), run.pipeline)
        yield answers_frame(found.ids, run.pipeline.predict(found.rows))
        return
    pieces = _pieces(arguments, run, bad)
    if isinstance(run.pipeline.task, Ranking):
        # A list may go on in the next piece.
        every = [each for piece in pieces for each in zip(*piece, strict=True)]
        names, answers, rows = (list(each) for each in zip(*every, strict=True)) if every else ([], [], [])
        pieces = iter([(names, run.pipeline.ranked(answers, rows), rows)])
    for names, answers, _ in pieces:
        yield answers_frame(names, answers)


def _pieces(
    arguments: argparse.Namespace, run: Run, bad: list[tuple[str, str]]
) -> Iterator[tuple[list[str], list[Answer], list[dict[str, Any]]]]:
    """Names, answers and rows of a file, piece by piece."""
    how = "skip" if arguments.skip_bad_rows else "raise"
    for frame in table.stream(input_file(arguments), on_bad_rows=how):
        bad.extend(frame.attrs.get("bad_rows", ()))
        rows, examples = dict(zip(frame.index, input_cells(frame, run.pipeline), strict=True)), {}
        for name, cells in rows.items():
            try:
                examples[name] = run.pipeline.encode_row(cells, name=name)
            except DataError as error:
                if not arguments.skip_bad_rows:
                    raise
                bad.append((name, error.problem))
        yield list(examples), run.pipeline.answers(list(examples.values())), [rows[name] for name in examples]


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


def input_cells(frame: Any, pipeline: Pipeline) -> list[dict[str, Any]]:
    """The columns of a frame that answers are made of, row by row: inputs, and what names the lists of a ranking."""
    for name in pipeline.columns:
        table.column(frame, name)
    lists = [pipeline.task.list] if isinstance(pipeline.task, Ranking) and pipeline.task.list in frame.columns else []
    return frame[list(dict.fromkeys([*pipeline.columns, *lists]))].to_dict("records")


def input_file(arguments: argparse.Namespace) -> str:
    """The file to read.

    Raises:
        ConfigError: none was given.
    """
    if not arguments.data:
        raise ConfigError("nothing to answer", fix="give a file, or a text with --text")
    return arguments.data


def input_tables(arguments: argparse.Namespace, pipeline: Pipeline) -> Any:
    """The file to read, if one was given, with the tables of another graph where these are named.

    Raises:
        ConfigError: the model reads no graph, or there is no file that asks about the other one.
    """
    if arguments.nodes is None and arguments.edges is None:
        return arguments.data
    if not reads_graph(pipeline):
        raise ConfigError("--nodes and --edges name tables of a graph, and the model reads none", fix="leave them out")
    return GraphTables(input_file(arguments), arguments.nodes, arguments.edges)


def one_text(arguments: argparse.Namespace, pipeline: Pipeline) -> str:
    """The one text that was given.

    Raises:
        ConfigError: a file was given as well.
        NotAvailable: the model reads more than one column, or no text.
    """
    if arguments.data:
        raise ConfigError("a file and --text were both given", fix="give one of them")
    if len(pipeline.columns) > 1:
        columns = ", ".join(pipeline.columns)
        raise NotAvailable(f"the model reads several columns ({columns}), and --text gives one", fix="give a file")
    if reads_series(pipeline) or reads_graph(pipeline):
        kind = "a graph" if reads_graph(pipeline) else "series"
        raise NotAvailable(f"the model reads {kind}, and no text", where="--text", fix="give a file")
    return arguments.text


def _every(answer: Any) -> dict[str, Any]:
    return {"probabilities": dict(answer.probabilities)} if answer.probabilities else {}


def _line(answer: Any) -> str:
    probability = "" if answer.probability is None else f"  {answer.probability:.1%}"
    return f"{content.said(answer)}{probability}"
