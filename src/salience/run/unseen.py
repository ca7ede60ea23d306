"""Rows that a finished run did not learn from: its own test rows, or others that are given."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from salience.core.errors import ConfigError, NotAvailable
from salience.core.lazy import Lazy
from salience.data import table
from salience.data.infer import infer, labelled, parse_targets
from salience.data.modalities import Series
from salience.data.rationale import Rationale, rationale_columns, read_rationales
from salience.data.target import lists_of
from salience.data.windows import Window
from salience.pipeline import Pipeline
from salience.run.environment import data_facts
from salience.run.folder import RunFolder
from salience.run.graph_asked import asked, known, reads_graph
from salience.run.prepare_graph import tables_beside
from salience.run.prepare_series import PreparedSeries, read_labelled, time_block
from salience.run.produce import check_same_data, prepare
from salience.run.series_rows import cut, reads_series
from salience.run.settings import Settings
from salience.tasks import Forecast

#: Of one row: what people marked in each column where marks were looked for, None where nobody was asked.
Marked = Mapping[str, Rationale | None]


@dataclass(frozen=True)
class Rows:
    """Cells, one mapping per row; targets, groups and marks where there are such."""

    cells: Sequence[Mapping[Any, Any]]
    targets: Sequence[Any] | None
    groups: Sequence[Hashable] | None
    rationales: Sequence[Marked] | None

    @property
    def marks(self) -> dict[str, list[Rationale | None]]:
        """What people marked, column after column."""
        rows = self.rationales or ()
        return {name: [each[name] for each in rows] for name in (rows[0] if rows else ())}


def own(folder: RunFolder, settings: Settings, *, group: str | None = None) -> Rows:
    """The test rows of a run.

    Raises:
        ConfigError: the run was made from rows in Python, or its data has changed.
        DataError: there is no column `group`.
    """
    if settings.data is None:
        raise ConfigError(
            "the run was made from rows in Python, and does not keep them",
            where=str(folder.path),
            fix="give rows that it has not learned from",
        )
    prepared = prepare(settings.data, settings)
    check_same_data(folder, data_facts(settings.data, prepared.frame, beside=tables_beside(settings)))
    groups = prepared.groups_of("test")
    if group is not None:
        if isinstance(prepared, PreparedSeries):
            _refuse(group)
        groups = [*table.column(prepared.frame, group).iloc[prepared.split.test]]
    marks = _by_row(prepared.rationales_of("test"))
    return Rows(prepared.rows("test"), prepared.targets_of("test"), groups, marks)


def given(source: Any, settings: Settings, pipeline: Pipeline, *, group: str | None = None) -> Rows:
    """The rows of a file, a frame or mappings. Targets and marks are read where their columns are there.

    Raises:
        DataError: an input column or `group` is missing, or a cell cannot be read.
    """
    if reads_series(pipeline):
        return _windows(source, settings, pipeline, group)
    if reads_graph(pipeline):
        return _of_graph(source, settings, pipeline, group)
    columns, frame, targets = pipeline.columns, table.read(source), None
    if settings.target in frame.columns:
        inference = infer(
            frame, target=settings.target, inputs=settings.readers, task=settings.task_name, lists=settings.lists
        )
        frame = labelled(frame, inference)
        targets = parse_targets(frame, inference)
    for name in columns:
        table.column(frame, name)
    groups = lists_of(targets) if group is None else [*table.column(frame, group)]
    return Rows(frame[list(columns)].to_dict("records"), targets, groups, _by_row(_marks(frame, settings, columns)))


def _windows(source: Any, settings: Settings, pipeline: Pipeline, group: str | None) -> Rows:
    """Every window of another table with a whole horizon after it, or with a label; the last ones if it has none."""
    _refuse(group)
    (name,) = pipeline.inputs
    series, task, frame = cast(Series, pipeline.modalities[name]), pipeline.task, table.read(source)
    cells: Lazy[Window]
    targets: Sequence[Any] | None
    whole = False
    if isinstance(task, Forecast):
        cells = targets = cut(series, series.table(frame), horizon=task.horizon)
    elif settings.target in frame.columns:
        long, found = read_labelled(frame, series, settings)
        cells, targets = found.windows(long, range(len(found.labels)), series.look_back), found.labels
        whole = found.whole
    else:
        cells, targets = cut(series, series.table(frame), horizon=0, only_last=True), None
    blocks = None if whole else [time_block(window) for window in cells]
    return Rows(cells.map(lambda window: {name: window}), targets, lists_of(targets) or blocks, None)


def _of_graph(source: Any, settings: Settings, pipeline: Pipeline, group: str | None) -> Rows:
    """Nodes, pairs or graphs, with their targets where the table has them."""
    found, targets = asked(source, settings, pipeline), None
    if settings.target in found.frame.columns:
        found, targets = known(found, settings)
    groups = None if group is None else [*table.column(found.frame, group)]
    return Rows(found.rows, targets, groups, None)


def _refuse(group: str | None) -> None:
    if group is not None:
        raise NotAvailable("windows of series are drawn in blocks of time", where="group", fix="leave it out")


def _marks(frame: pd.DataFrame, settings: Settings, columns: Sequence[str]) -> dict[str, list[Rationale | None]]:
    chosen = rationale_columns(settings.rationale, columns)
    return {name: read_rationales(frame, name, each) for name, each in chosen.items() if each.column in frame.columns}


def _by_row(marks: Mapping[str, Sequence[Rationale | None]]) -> list[Marked] | None:
    if not marks:
        return None
    return [dict(zip(marks, each, strict=True)) for each in zip(*marks.values(), strict=True)]
