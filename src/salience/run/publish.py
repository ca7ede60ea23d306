"""Everything a trained pipeline leaves in its run folder: numbers, answers, importances, pictures, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salience.core.errors import DataError, NotAvailable
from salience.data.modalities import Table
from salience.evaluation import Score
from salience.evaluation.baselines import baselines
from salience.evaluation.faithfulness import Faithfulness, measure_faithfulness
from salience.evaluation.importance import Received
from salience.evaluation.scores import LOWER_IS_BETTER
from salience.pipeline import Pipeline
from salience.reports import card, figure, page, stored
from salience.reports import content as show
from salience.run import content, measure
from salience.run.anomalies import write_usual
from salience.run.columns import column_importance
from salience.run.environment import environment
from salience.run.files import write_answers, write_members, write_numbers, write_series_scores
from salience.run.folder import RunFolder
from salience.run.graph_asked import reads_graph
from salience.run.importance_table import write_importance
from salience.run.limits import INTENDED_USE, limits
from salience.run.settings import Settings
from salience.run.watch import Watcher
from salience.tasks import Forecast
from salience.training import Fitted

if TYPE_CHECKING:
    from salience.run.prepared import Prepared

CONTENT = "report.json"


@dataclass(frozen=True)
class Trained:
    """A pipeline that has been trained, with all that led to it."""

    prepared: Prepared
    settings: Settings
    pipeline: Pipeline
    #: How each member was trained; a single model is the only one.
    fitted: Sequence[Fitted]
    data: Mapping[str, Any]


def publish(trained: Trained, folder: RunFolder, watcher: Watcher) -> show.ReportContent:
    """Measure the pipeline on its test rows and write every file of the run but the model itself."""
    prepared, pipeline = trained.prepared, trained.pipeline
    rows, targets, ids = prepared.rows("test"), prepared.targets_of("test"), prepared.ids("test")
    watcher.stage("answering the test rows")
    seen, held = (
        measure.see(
            pipeline,
            pipeline.encode(prepared.rows(side)),
            prepared.targets_of(side),
            groups=prepared.groups_of(side),
        )
        for side in ("test", "validation")
    )
    watcher.stage("training the baselines")
    beside = baselines(
        prepared.rows("train"),
        prepared.targets_of("train"),
        rows,
        targets,
        task=pipeline.task,
        seed=trained.settings.options.seed,
        groups=prepared.groups_of("test"),
        tables=[each for each in pipeline.modalities.values() if isinstance(each, Table)],
    )
    proof, reason = _proof(trained, rows, targets, watcher)
    watcher.stage("measuring importances")
    shown = measure.examples(pipeline, rows, seen, seed=trained.settings.options.seed)
    told = measure.telling(pipeline, rows, seen)
    by_class = measure.classes(pipeline, seen)

    sides = {"test": seen.scores, "validation": held.scores}
    write_numbers(folder, trained.fitted, sides, beside, proof, by_class)
    seeds = _seeds(trained, folder, watcher, seen, targets)
    write_answers(folder, ids, seen, targets)
    if isinstance(pipeline.task, Forecast):
        write_series_scores(folder, pipeline.task, seen, targets)
        write_usual(folder, pipeline.task, prepared.targets_of("validation"), held.answers)
    result = write_importance(folder, pipeline, rows, ids)
    best = _best(beside, pipeline.task.scores[0])
    made = show.ReportContent(
        title=trained.settings.name or trained.data["name"],
        created=content.now(),
        headline=content.headline(pipeline, prepared.inference.target, seen, best),
        facts=_facts(trained),
        methods=tuple(content.method(each.name) for each in measure.SHOWN),
        examples=content.examples(shown, ids, rows, seen, targets),
        proof=content.proof(proof) if proof else None,
        scores=_score_rows(sides, beside),
        classes=content.class_rows(by_class) if by_class else (),
        confusion=content.confusion(by_class, pipeline) if by_class else None,
        calibration=content.calibration(by_class, seen.scores) if by_class else None,
        telling=_telling(told),
        columns=column_importance(result.heats, seed=trained.settings.options.seed),
        inferred=content.inferred(prepared.inference),
        findings=tuple(show.Finding(_SEVERITY[each.severity], each.sentence) for each in prepared.findings),
        split=show.Split(
            tuple(show.Side(side, len(getattr(prepared.split, side))) for side in ("train", "validation", "test")),
            prepared.split.how,
        ),
        seeds=seeds,
        history=content.history(trained.fitted, trained.settings.options.select or pipeline.task.scores[0]),
        intended_use=INTENDED_USE,
        limits=limits(pipeline, targets, unproven=reason),
        data_files=_files(trained.data),
        config=trained.settings.to_yaml(),
        environment=tuple(show.Fact(name, value) for name, value in environment().items()),
        commands=_commands(folder, trained.pipeline),
    )
    folder.write_json(CONTENT, stored.to_json(made))
    draw(made, folder)
    watcher.ended(made, folder.path)
    return made


def draw(made: show.ReportContent, folder: RunFolder) -> None:
    """Write the page, the card and the figures of a run from its content alone."""
    page.write(made, folder.report)
    card.write(made, folder.path / "card.md")
    figures = folder.path / "figures"
    figures.mkdir(exist_ok=True)
    if made.history:
        figure.history(made.history, figures / "history.png")
    if made.proof:
        figure.curves(made.proof, figures / "faithfulness.png")
    if made.calibration:
        figure.reliability(made.calibration, figures / "reliability.png")
    if made.confusion:
        figure.confusion(made.confusion, figures / "confusion.png")
    for number, example in enumerate(made.examples[:3], start=1):
        try:
            path = figures / f"importance-{number}.png"
            figure.importance(example, made.methods[0], made.proof, path)
        except NotAvailable:
            # A row without a single unit has no importance to draw.
            continue


def _proof(
    trained: Trained, rows: Sequence[Mapping[str, object]], targets: Sequence[Any], watcher: Watcher
) -> tuple[Faithfulness | None, str]:
    """Whether attention is true, or the reason why that was not measured."""
    if not trained.settings.explain:
        return None, "the settings leave it out"
    sentence = "putting the importance to the proof"
    watcher.stage(sentence)
    try:
        found = measure_faithfulness(
            trained.pipeline,
            rows,
            Received(),
            targets=targets,
            groups=trained.prepared.groups_of("test"),
            count=trained.settings.explain,
            seed=trained.settings.options.seed,
            progress=lambda done, total: watcher.stage(sentence, done, total),
        )
    except DataError as error:
        return None, error.problem
    return found, ""


def _best(beside: Mapping[str, Mapping[str, Score]], name: str) -> tuple[str, Score] | None:
    """The baseline with the best value of a score."""
    known = [(title, scores[name]) for title, scores in beside.items() if scores[name].value is not None]
    sign = -1 if name in LOWER_IS_BETTER else 1
    return max(known, key=lambda each: sign * (each[1].value or 0.0), default=None)


def _score_rows(
    sides: Mapping[str, Mapping[str, Score]], beside: Mapping[str, Mapping[str, Score]]
) -> tuple[show.ScoreRow, ...]:
    rows: list[show.ScoreRow] = []
    for side, scores in sides.items():
        rows += content.score_rows(side, scores)
    for name, scores in beside.items():
        rows += content.score_rows("test", scores, baseline=name)
    return tuple(rows)


def _files(data: Mapping[str, Any]) -> tuple[show.DataFile, ...]:
    """What the model was made from: the data, and what is read beside it."""
    own = {name: value for name, value in data.items() if name != "beside"}
    return (show.DataFile(**own), *(show.DataFile(**each) for each in data.get("beside", ())))


def _telling(told: Mapping[str, Sequence[tuple[str, float, int]]]) -> tuple[show.TellingClass, ...]:
    return tuple(
        show.TellingClass(label, tuple(show.TellingUnit(*each) for each in units)) for label, units in told.items()
    )


def _facts(trained: Trained) -> tuple[show.Fact, ...]:
    parameters = sum(each.numel() for each in trained.pipeline.model.parameters())
    took = sum(epoch.seconds for each in trained.fitted for epoch in each.history)
    start = trained.settings.start
    return (
        show.Fact("task", trained.prepared.inference.task, trained.prepared.inference.reason),
        _kept(trained),
        *([] if start is None else [show.Fact("started from", start, "its model was trained further")]),
        show.Fact("parameters", f"{parameters:,}"),
        show.Fact("training time", f"{took:.0f} s"),
    )


def _kept(trained: Trained) -> show.Fact:
    if len(trained.fitted) > 1:
        seed = trained.settings.options.seed
        return show.Fact("models", str(len(trained.fitted)), f"seeds {seed} to {seed + len(trained.fitted) - 1}")
    (fitted,) = trained.fitted
    return show.Fact("best epoch", f"{fitted.best.number} of {len(fitted.history)}", fitted.stopped)


def _seeds(
    trained: Trained, folder: RunFolder, watcher: Watcher, seen: measure.Seen, targets: Sequence[Any]
) -> show.Seeds | None:
    """How far the members of an ensemble agree, written beside the scores as well; nothing of a single model."""
    pipeline, seed = trained.pipeline, trained.settings.options.seed
    if not pipeline.members:
        return None
    watcher.stage("comparing the models")
    rows = pipeline.encode(trained.prepared.rows("test"))
    alone = [measure.see(each, rows, targets).scores for each in pipeline.members]
    agreement = measure.agreement_of_seeds(pipeline, rows, seed=seed)
    write_members(folder, trained.fitted, alone, agreement, seed=seed)
    return content.seeds(pipeline, trained.fitted, alone, seen.scores, agreement, seed=seed)


def _commands(folder: RunFolder, pipeline: Pipeline) -> tuple[show.Command, ...]:
    if reads_graph(pipeline):
        graph = "new.csv --nodes nodes.csv --edges edges.csv"
        return (
            show.Command(f"salience fit {folder.path / 'config.yaml'}", "train again with the same settings"),
            show.Command(f"salience predict {folder.path} new.csv", "answer rows about the graph of the run"),
            show.Command(f"salience predict {folder.path} {graph}", "answer rows about another graph"),
            show.Command(f"salience explain {folder.path} new.csv", "answer, and say which nodes and edges mattered"),
            show.Command(f"salience evaluate {folder.path} labelled.csv", "measure it on other labelled rows"),
        )
    return (
        show.Command(f"salience fit {folder.path / 'config.yaml'}", "train again with the same settings"),
        show.Command(f"salience predict {folder.path} new.csv --out answers.csv", "answer new rows"),
        show.Command(f"salience explain {folder.path} new.csv", "answer new rows and say which words mattered"),
        show.Command(f"salience evaluate {folder.path} labelled.csv", "measure it on other labelled rows"),
    )


_SEVERITY = {"info": "note", "warning": "warning", "serious": "error"}


def read_content(folder: RunFolder) -> show.ReportContent:
    """What the report of a run shows.

    Raises:
        ModelFolderError: the file is missing or damaged.
        DataError: it is of another version.
    """
    return stored.from_json(folder.read_json(CONTENT))
