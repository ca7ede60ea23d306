"""From a table to a complete run folder: understand, split, learn, train, measure, show."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from salience.core.build import build, named
from salience.core.errors import ConfigError, SalienceError
from salience.data import quality, splitters, table
from salience.data.infer import Inference, infer, labelled, parse_targets
from salience.data.rationale import Rationale, rationale_columns, read_rationales
from salience.data.split import Split, split
from salience.data.splitters import SIDES
from salience.data.target import lists_of
from salience.models import encoders, pools
from salience.models.assemble import of_each
from salience.pipeline import Pipeline
from salience.run.agreement import Agreements, agreement, write_agreement
from salience.run.environment import data_facts, environment
from salience.run.folder import RunFolder
from salience.run.limits import left_aside
from salience.run.prepare_graph import graph_input, prepare_graph, tables_beside
from salience.run.prepare_series import prepare_series, series_input
from salience.run.prepared import Prepared
from salience.run.publish import Trained, publish
from salience.run.settings import SETTINGS, Settings, saved_settings
from salience.run.start import continued, started
from salience.run.watch import Logged, Silent, Watcher
from salience.training import Epoch, Fitted, Side, TrainOptions, fit_members
from salience.training.members import options_of_members

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedTable:
    """A table that has been understood and divided, before anything is learned."""

    source: Any
    frame: pd.DataFrame
    inference: Inference
    targets: list[Any]
    split: Split
    findings: list[quality.Finding]
    rationales: dict[str, list[Rationale | None]]
    """Per marked input column, what people marked in each row."""

    def rows(self, side: str) -> list[dict[str, Any]]:
        """The input cells of one side."""
        columns = list(self.inference.inputs)
        return self.frame[columns].iloc[getattr(self.split, side)].to_dict("records")

    def targets_of(self, side: str) -> list[Any]:
        """The targets of one side."""
        return [self.targets[i] for i in getattr(self.split, side)]

    def rationales_of(self, side: str) -> dict[str, list[Rationale | None]]:
        """What people marked on one side."""
        index = getattr(self.split, side)
        return {name: [each[i] for i in index] for name, each in self.rationales.items()}

    def ids(self, side: str) -> list[str]:
        """The row ids of one side."""
        return [str(each) for each in self.frame.index[getattr(self.split, side)]]

    def groups_of(self, side: str) -> list[str] | None:
        """The list of each row, if there are lists; other rows of a table are taken to be independent."""
        return lists_of(self.targets_of(side))


def prepare(source: Any, settings: Settings) -> Prepared:
    """Read, understand, divide and check a table, series, or a graph.

    Raises:
        DataError: the table or one of its cells cannot be used.
        ConfigError: the settings do not fit the table.
    """
    graph = graph_input(settings)
    if graph is not None:
        return prepare_graph(source, settings, graph)
    series = series_input(settings)
    if series is not None:
        return prepare_series(source, settings, series)
    frame = table.read(source)
    marks = _set_aside(frame, settings)
    # What people marked gives the answer away, so that nothing but the reader of rationales may see it.
    unmarked = frame.drop(columns=marks)
    inference = infer(
        unmarked,
        target=settings.target,
        inputs=settings.readers,
        task=settings.task_name,
        lists=settings.lists,
        aside=_dividing(settings),
    )
    frame, unmarked = labelled(frame, inference), labelled(unmarked, inference)
    targets = parse_targets(frame, inference)
    chosen = rationale_columns(settings.rationale, inference.inputs)
    rationales = {name: read_rationales(frame, name, each) for name, each in chosen.items()}
    by = None if settings.split is None else build(settings.split, splitters)
    divided = split(frame, inference, by=by)
    findings = quality.check(unmarked, inference, divided)
    return PreparedTable(source, frame, inference, targets, divided, findings, rationales)


def _dividing(settings: Settings) -> list[str]:
    """The column by which the settings divide the rows, if there is one."""
    options = {} if settings.split is None else named(settings.split)[1]
    return [str(options["column"])] if "column" in options else []


def _set_aside(frame: pd.DataFrame, settings: Settings) -> list[str]:
    """The columns of rationales, each of which plays no other part."""
    names = list(dict.fromkeys(each.column for each in rationale_columns(settings.rationale).values()))
    for name in names:
        table.column(frame, name)
        if name == settings.target or name in (settings.readers or ()):
            raise ConfigError(
                f"the column '{name}' holds a rationale, and cannot be the target or an input as well",
                where="rationale",
                fix="name it in one place only",
            )
    return names


def run(
    source: Any,
    settings: Settings,
    *,
    out: str | Path = "runs",
    resume: RunFolder | None = None,
    watcher: Watcher | None = None,
) -> tuple[RunFolder, Pipeline]:
    """Make a complete run folder out of a table, or complete one that was interrupted.

    Raises:
        SalienceError: whatever is wrong with data or settings; before training nothing has been written.
    """
    watcher = watcher or Silent()
    settings = continued(settings)
    prepared = prepare(source, settings)
    settings = settings.resolved(prepared.inference)
    watcher.understood("\n".join([prepared.inference.statement(), *_annotated(prepared)]))
    data = data_facts(source, prepared.frame, beside=tables_beside(settings))
    if resume:
        check_same_data(resume, data)
    pipeline = _untrained(prepared, settings)
    for each in left_aside(pipeline):
        log.warning(each)
    folder = resume or RunFolder.create(settings.name or _name(source), parent=out)
    folder.mark("running")
    try:
        folder.write_text(SETTINGS, settings.to_yaml())
        folder.write_json("env.json", {"environment": environment(), "data": data})
        logged = Logged(folder.path / "log.txt", watcher)
        logged.began(settings.name or _name(source), _facts(prepared, settings))
        fitted = _trained(pipeline, prepared, settings, folder, logged, resume=resume is not None)
        pipeline.save(folder.model)
        publish(Trained(prepared, settings, pipeline, fitted, data), folder, logged)
        if prepared.rationales:
            write_agreement(folder, _agreements(pipeline, prepared, settings.options.seed))
    # Whatever ends a run, an interrupt too, its folder must not claim to be running for ever.
    except BaseException as error:
        folder.mark("failed", reason=_reason(error))
        raise
    folder.mark("complete")
    return folder, pipeline


def again(folder: RunFolder, source: Any = None) -> tuple[Any, Settings]:
    """The data and the settings of an interrupted run.

    Raises:
        ConfigError: the run was made from rows in Python, which have to be given again.
    """
    settings = saved_settings(folder.path)
    source = settings.data if source is None else source
    if source is None:
        raise ConfigError("the run was made from rows in Python", where=str(folder.path), fix="give them again")
    return source, settings


def _untrained(prepared: Prepared, settings: Settings) -> Pipeline:
    """The pipeline with its vocabulary and labels, or the one to start from.

    A mistake in its settings shows here, before a folder is made.
    """
    # The seed of a later member may be too large.
    options_of_members(settings.options, settings.seeds)
    if settings.start is not None:
        return started(settings)
    pipeline = Pipeline(settings.modalities, settings.task or "", model=settings.model)
    return pipeline.learn(
        prepared.rows("train"), prepared.targets_of("train"), seed=settings.options.seed, seeds=settings.seeds
    )


def _trained(
    pipeline: Pipeline, prepared: Prepared, settings: Settings, folder: RunFolder, watcher: Watcher, *, resume: bool
) -> list[Fitted]:
    options = settings.options

    def begin(number: int, own: TrainOptions) -> None:
        watcher.began(f"member {number} of {settings.seeds}", [("seed", str(own.seed))])

    return fit_members(
        pipeline,
        _side(pipeline, prepared, "train"),
        _side(pipeline, prepared, "validation"),
        options=options,
        folder=folder.path,
        resume=resume,
        on_member=begin,
        on_epoch=_teller(watcher, options.epochs, options.select or pipeline.task.scores[0]),
    )


def _annotated(prepared: Prepared) -> list[str]:
    """How much of each text column people annotated, one line each."""
    counts = {name: sum(each is not None for each in found) for name, found in prepared.rationales.items()}
    return [
        f"rationale of '{name}': {counts[name]:,} of {len(each):,} rows" for name, each in prepared.rationales.items()
    ]


def _side(pipeline: Pipeline, prepared: Prepared, side: str) -> Side:
    return Side(pipeline.encode(prepared.rows(side)), prepared.targets_of(side), prepared.rationales_of(side))


def _agreements(pipeline: Pipeline, prepared: Prepared, seed: int) -> Agreements:
    return {
        side: agreement(pipeline, pipeline.encode(prepared.rows(side)), prepared.rationales_of(side), seed=seed)
        for side in ("validation", "test")
    }


def _teller(watcher: Watcher, total: int, metric: str) -> Callable[[Epoch], None]:
    return lambda epoch: watcher.epoch(epoch, total, metric)


def _facts(prepared: Prepared, settings: Settings) -> list[tuple[str, str]]:
    sizes = [f"{len(getattr(prepared.split, side)):,} {side}" for side in SIDES]
    return [("task", prepared.inference.task), ("rows", " + ".join(sizes)), ("model", _called(settings))]


def _called(settings: Settings) -> str:
    """The parts of the model by their names; where inputs have parts of their own, all of them."""
    if "network" in settings.model:
        return named(settings.model["network"])[0]
    inputs = settings.modalities
    parts = ((settings.model["encoder"], encoders), (settings.model["pool"], pools))
    each = [[named(choice or "Additive")[0] for choice in of_each(part, inputs, room).values()] for part, room in parts]
    return ", ".join(dict.fromkeys(" + ".join(together) for together in zip(*each, strict=True)))


def check_same_data(folder: RunFolder, data: Mapping[str, Any]) -> None:
    """Check that data are those a run was made from.

    Raises:
        ConfigError: the hash of a file is another one.
    """
    before = folder.read_json("env.json")["data"]
    for old, new in zip((before, *before.get("beside", ())), (data, *data.get("beside", ())), strict=False):
        if old["sha256"] != new["sha256"]:
            raise ConfigError(
                f"the data has changed since the run began: {old['name']} had the hash {old['sha256'][:12]}, "
                f"{new['name']} has {new['sha256'][:12]}",
                where=str(folder.path),
                fix="bring the old data back, or start a new run",
            )


def _reason(error: BaseException) -> str:
    """Why a run ended, in one line."""
    if isinstance(error, SalienceError):
        return error.problem
    return "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"


def _name(source: Any) -> str:
    return Path(source).name.split(".")[0] if isinstance(source, str | Path) else "rows"


def with_seed(settings: Settings, seed: int | None) -> Settings:
    """The settings with another seed, if one is given."""
    return settings if seed is None else dataclasses.replace(settings, train={**settings.train, "seed": seed})
