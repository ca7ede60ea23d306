"""Put the attention of a finished run to the tests of the trust report, on its own test rows or on others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salience.core import config
from salience.core.errors import ConfigError
from salience.data import table
from salience.data.infer import infer, labelled, parse_targets
from salience.evaluation.trust import Trust, measure_trust
from salience.evaluation.trust.trust import Progress
from salience.pipeline import Pipeline
from salience.run.environment import data_facts, environment
from salience.run.folder import RunFolder
from salience.run.produce import SETTINGS, check_same_data, prepare
from salience.run.settings import Settings

#: Where a run keeps it.
TRUST = "trust.json"


@dataclass(frozen=True)
class Rows:
    """Labelled rows that training has not seen."""

    cells: Sequence[Mapping[Any, Any]]
    targets: Sequence[Any]
    groups: Sequence[Hashable] | None


def trust(
    folder: RunFolder,
    pipeline: Pipeline,
    source: Any = None,
    *,
    count: int = 256,
    seed: int | None = None,
    group: str | None = None,
    progress: Progress | None = None,
) -> Trust:
    """Measure whether the attention of a run is true.

    Args:
        source: a labelled file, frame or mappings; by default the test rows of the run.
        count: rows to measure.
        seed: of everything random; by default that of the run.
        group: a column that names what rows are drawn in: a day, a speaker, a document.

    Raises:
        ConfigError: the run was made from rows in Python, which have to be given again.
        DataError: a column is missing, or a cell cannot be read.
    """
    path = folder.path / SETTINGS
    settings = config.make(Settings, config.read(path), where=str(path))
    rows = _own(folder, settings, group) if source is None else _given(source, settings, pipeline, group)
    return measure_trust(
        pipeline,
        rows.cells,
        targets=rows.targets,
        groups=rows.groups,
        count=count,
        seed=settings.options.seed if seed is None else seed,
        progress=progress,
    )


def to_json(found: Trust) -> dict[str, Any]:
    """Everything that was measured, with the versions of what took part."""
    return {**found.to_dict(), "environment": environment()}


def _own(folder: RunFolder, settings: Settings, group: str | None) -> Rows:
    if settings.data is None:
        raise ConfigError(
            "the run was made from rows in Python, and does not keep them",
            where=str(folder.path),
            fix="give labelled rows",
        )
    prepared = prepare(settings.data, settings)
    check_same_data(folder, data_facts(settings.data, prepared.frame))
    groups = None if group is None else [*table.column(prepared.frame, group).iloc[prepared.split.test]]
    return Rows(prepared.rows("test"), prepared.targets_of("test"), groups)


def _given(source: Any, settings: Settings, pipeline: Pipeline, group: str | None) -> Rows:
    frame = table.read(source)
    inference = infer(frame, target=settings.target, inputs=pipeline.columns, task=settings.task_name)
    frame = labelled(frame, inference)
    groups = None if group is None else [*table.column(frame, group)]
    return Rows(frame[pipeline.columns].to_dict("records"), parse_targets(frame, inference), groups)
