"""Explained rows as the content of a page: their answers, their importances by several methods, and the proof."""

from __future__ import annotations

from salience.core.build import build
from salience.evaluation import importance
from salience.evaluation.faithfulness import COMPETITORS, measure_faithfulness
from salience.evaluation.importance.importance import Importance
from salience.pipeline import Pipeline
from salience.reports import content as show
from salience.run import content
from salience.run.environment import environment
from salience.run.measure import attention_of_steps
from salience.run.result import Result

#: Rows of a page.
SHOWN = 24


def explained(pipeline: Pipeline, result: Result, proof: show.Proof | None, *, title: str) -> show.ReportContent:
    """What a page shows of a result; the method of the result comes first, the post-hoc methods beside it."""
    rows = [dict(row) for row in result.rows[:SHOWN]]
    beside = [each for each in COMPETITORS if each.name != result.method]
    by_method = {result.method: result.heats[:SHOWN], **{each.name: each(pipeline, rows) for each in beside}}
    by_step = attention_of_steps(pipeline, rows) if rows else {}
    examples = [
        content.example(
            result.ids[i],
            row,
            result.answers[i],
            {name: heats[i] for name, heats in by_method.items()},
            by_step={step: heats[i] for step, heats in by_step.items()},
        )
        for i, row in enumerate(rows)
    ]
    parameters = sum(each.numel() for each in pipeline.model.parameters())
    return show.ReportContent(
        title=title,
        created=content.now(),
        headline=(f"{len(result):,} {'row' if len(result) == 1 else 'rows'} explained by {_named(result.method)}.",),
        facts=(show.Fact("parameters", f"{parameters:,}"),),
        methods=tuple(content.method(name) for name in by_method),
        examples=tuple(examples),
        proof=proof,
        environment=tuple(show.Fact(name, value) for name, value in environment().items()),
    )


def proven(pipeline: Pipeline, result: Result, *, count: int = 256, seed: int = 0) -> show.Proof:
    """Whether the importance of these rows is true of this model.

    Raises:
        DataError: no row has enough units.
    """
    method: Importance = build(result.method, importance)
    rows = [dict(row) for row in result.rows]
    return content.proof(measure_faithfulness(pipeline, rows, method, count=count, seed=seed))


def _named(method: str) -> str:
    return content.method(method).name
