"""`salience explain`: answers to new rows with their reasons, by a run or by a model that was trained elsewhere."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from salience.cli.answers import input_cells, input_file, input_tables, one_text
from salience.cli.console import console
from salience.core.errors import ConfigError, DataError
from salience.core.whole import whole
from salience.data import table
from salience.pipeline import Pipeline
from salience.reports import page, terminal
from salience.reports.content import Proof
from salience.run import content
from salience.run.explain import explain as explain_rows
from salience.run.explained import explained, proven
from salience.run.folder import RunFolder
from salience.run.graph_asked import asked, reads_graph
from salience.run.outside import outside
from salience.run.publish import read_content
from salience.run.result import Result
from salience.run.run import load
from salience.run.series_rows import ids_of, latest, reads_series
from salience.run.settings import saved_settings
from salience.tasks import Ranking


def explain(arguments: argparse.Namespace) -> None:
    """Answer rows and show what mattered: to a file as one line per unit, to a page, or to the terminal as marked text.

    The proof comes from the run, or, for a model of others, from the rows themselves.
    """
    pipeline = _pipeline(arguments)
    method = ("rollout" if arguments.model else "received") if arguments.method is None else arguments.method
    rows, ids = _rows(arguments, pipeline)
    result = explain_rows(pipeline, rows, method=method, horizon=arguments.horizon, ids=ids)
    if isinstance(pipeline.task, Ranking) and arguments.rows:
        result = _ranked_in_file(arguments, pipeline, result)
    told: dict[str, Any] = {"rows": len(result)}
    if arguments.out:
        with whole(arguments.out) as partial:
            result.save(partial)
        told["out"] = arguments.out
    if arguments.report:
        made = explained(pipeline, result, _proof(arguments, pipeline, result), title=arguments.model or arguments.run)
        told["report"] = str(page.write(made, arguments.report))
    if len(told) > 1:
        if not arguments.quiet:
            paths = [str(told[name]) for name in ("out", "report") if name in told]
            print(json.dumps(told, ensure_ascii=False) if arguments.json else "\n".join(paths))
    elif arguments.json:
        print(json.dumps(result.to_frame().to_dict("records"), ensure_ascii=False))
    else:
        _print(arguments, result, _proof(arguments, pipeline, result))


def _pipeline(arguments: argparse.Namespace) -> Pipeline:
    if arguments.model is None:
        if arguments.run is None:
            raise ConfigError("no model was named", fix="give a run folder, or a Hugging Face model with --model")
        return load(arguments.run, allow_foreign=arguments.allow_foreign).pipeline
    if arguments.data is not None:
        raise ConfigError(
            f"a run ({arguments.run}) and --model were both given", fix="give one of them, and at most one file"
        )
    arguments.data = arguments.run
    return outside(arguments.model, column=arguments.column, download=arguments.download)


def _rows(arguments: argparse.Namespace, pipeline: Pipeline) -> tuple[Sequence[Mapping[str, Any]], list[str]]:
    """The rows to explain, and their names."""
    if arguments.text is not None:
        return [{pipeline.columns[0]: one_text(arguments, pipeline)}], ["1"]
    path = input_file(arguments)
    if reads_graph(pipeline) and arguments.run:
        found = asked(input_tables(arguments, pipeline), saved_settings(Path(arguments.run)), pipeline)
        found = found.first(arguments.rows) if arguments.rows else found
        return found.rows, found.ids
    input_tables(arguments, pipeline)
    if reads_series(pipeline):
        last = latest(pipeline, path)
        last = last[: arguments.rows] if arguments.rows else last
        return [dict(row) for row in last], ids_of(last)
    frame = next(table.stream(path, chunk=arguments.rows)) if arguments.rows else table.read(path)
    return input_cells(frame, pipeline), [str(each) for each in frame.index]


def _ranked_in_file(arguments: argparse.Namespace, pipeline: Pipeline, result: Result) -> Result:
    """The same with ranks among all rows of the file, and not only among those that are explained."""
    every, _ = _rows(argparse.Namespace(**{**vars(arguments), "rows": 0}), pipeline)
    return replace(result, answers=pipeline.predict(every)[: len(result)])


def _proof(arguments: argparse.Namespace, pipeline: Pipeline, result: Result) -> Proof | None:
    """What is known of the importance, or None where no row can tell."""
    if arguments.model is None:
        return read_content(RunFolder(arguments.run)).proof
    try:
        return proven(pipeline, result)
    except DataError:
        # No row has enough units; the page and the terminal then say that nothing was measured.
        return None


def _print(arguments: argparse.Namespace, result: Result, proof: Proof | None) -> None:
    out = console(quiet=arguments.quiet)
    if arguments.horizon is not None:
        out.print(f"importance for step {arguments.horizon} of the forecast alone\n")
    for i, row in enumerate(result.rows):
        shown = content.example(result.ids[i], row, result.answers[i], {result.method: result.heats[i]})
        out.print(terminal.example(shown, content.method(result.method), proof, colour=terminal.coloured(out)))
        out.print()
