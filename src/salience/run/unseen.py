"""Rows that a finished run did not learn from: its own test rows, or others that are given."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from salience.core.errors import ConfigError, NotAvailable
from salience.data import table
from salience.data.infer import infer, labelled, parse_targets
from salience.data.rationale import Rationale, rationale_columns, read_rationales
from salience.data.target import lists_of
from salience.run.environment import data_facts
from salience.run.folder import RunFolder
from salience.run.prepare_series import PreparedSeries, series_input
from salience.run.produce import check_same_data, prepare
from salience.run.series_rows import judged
from salience.run.settings import Settings

#: Of one row: what people marked in each column where marks were looked for, None where nobody was asked.
Marked = Mapping[str, Rationale | None]


@dataclass(frozen=True)
class Rows:
    """Cells, one mapping per row; targets, groups and marks where there are such."""

    cells: Sequence[Mapping[Any, Any]]
    targets: Sequence[Any] | None
    groups: Sequence[Hashable] | None
    rationales: Sequence[Marked] | None


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
    check_same_data(folder, data_facts(settings.data, prepared.frame))
    groups = prepared.groups_of("test")
    if group is not None:
        if isinstance(prepared, PreparedSeries):
            _refuse(group)
        groups = [*table.column(prepared.frame, group).iloc[prepared.split.test]]
    marks = _by_row(prepared.rationales_of("test"))
    return Rows(prepared.rows("test"), prepared.targets_of("test"), groups, marks)


def given(source: Any, settings: Settings, columns: Sequence[str], *, group: str | None = None) -> Rows:
    """The rows of a file, a frame or mappings. Targets and marks are read where their columns are there.

    Raises:
        DataError: an input column or `group` is missing, or a cell cannot be read.
    """
    name = series_input(settings)
    if name is not None:
        return _windows(source, settings, name, group)
    frame, targets = table.read(source), None
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


def _windows(source: Any, settings: Settings, name: str, group: str | None) -> Rows:
    """Every window of another table whose answer is known."""
    _refuse(group)
    found = judged(source, settings, name)
    return Rows(found.rows, found.targets, found.groups, None)


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
