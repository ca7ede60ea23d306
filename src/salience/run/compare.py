"""Compare two finished runs on the same rows: the test rows of the first, or others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salience.core.build import build
from salience.core.errors import ConfigError, ModelFolderError
from salience.evaluation import importance
from salience.evaluation.comparison import Comparison, compare_pipelines
from salience.evaluation.importance.importance import Importance
from salience.pipeline import Pipeline
from salience.run.folder import RunFolder
from salience.run.run import Run, load
from salience.run.settings import Settings, saved_settings
from salience.run.unseen import Rows, given, own

#: What runs measure of themselves, where they keep it, and what the key of its verdict is.
VERDICTS = {"faithfulness": "faithfulness.json", "trust": "trust.json"}


def compare(
    run_a: Run | str | Path,
    run_b: Run | str | Path,
    rows: Any = None,
    *,
    method: str = "received",
    count: int = 256,
    seed: int | None = None,
    group: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """What became of scores, answers and importance from one run to another, on the same rows.

    >>> salience.compare("runs/before", "runs/after").sentence  # doctest: +SKIP
    'The second run answers 4.1 % of the rows otherwise (2.2 to 6.3), and 23 % (20 to 26) of its importance ...'

    Args:
        run_a: a run, or its folder.
        run_b: another one, which answers the same question from the same columns.
        rows: a file, a frame or mappings, with or without the target; by default the test rows of `run_a`.
        method: how importance is measured: received, rollout, leave_one_out, ...
        count: rows whose importance is compared.
        seed: of everything random; by default that of `run_a`.
        group: a column whose equal values belong together: day, speaker, document.
        progress: told what begins.

    Raises:
        ConfigError: the runs answer different questions, or `run_a` was made from rows in Python, which have to be
            given again.
        DataError: a column is missing, or a cell cannot be read.
        NotAvailable: they divide rows into different units that are no stretches of a text.
    """
    chosen: Importance = build(method, importance)
    first, second = _side(run_a), _side(run_b)
    _check_targets(first, second)
    unseen, notes = _rows(first, second, rows, group)
    found = compare_pipelines(
        first.pipeline,
        second.pipeline,
        unseen.cells,
        chosen,
        targets=unseen.targets,
        groups=unseen.groups,
        count=count,
        seed=first.settings.options.seed if seed is None else seed,
        progress=progress,
    )
    return dataclasses.replace(found, notes=(*notes, *found.notes), verdicts=_verdicts(first, second))


@dataclass(frozen=True)
class _Side:
    """A run with what it was made by."""

    folder: RunFolder
    pipeline: Pipeline
    settings: Settings


def _side(run: Run | str | Path) -> _Side:
    run = run if isinstance(run, Run) else load(run)
    return _Side(RunFolder(run.folder), run.pipeline, saved_settings(run.folder))


def _check_targets(first: _Side, second: _Side) -> None:
    names = [each.settings.target for each in (first, second)]
    if names[0] != names[1]:
        raise ConfigError(
            f"the runs answer different questions: one predicts '{names[0]}', the other '{names[1]}'",
            where=str(second.folder.path),
            fix="compare runs with the same target",
        )


def _rows(first: _Side, second: _Side, source: Any, group: str | None) -> tuple[Rows, tuple[str, ...]]:
    """Rows to compare on, with a warning where the second run may have learned from the test rows of the first."""
    if source is not None:
        return given(source, first.settings, first.pipeline, group=group), ()
    return own(first.folder, first.settings, group=group), () if _divided_alike(first, second) else (SEEN,)


SEEN = (
    "These are the test rows of the first run. The second run was made from other data, or divided them otherwise, and "
    "may have learned from some of them: give rows that neither has seen to be sure."
)


def _divided_alike(first: _Side, second: _Side) -> bool:
    return _data(first.folder) == _data(second.folder) and first.settings.split == second.settings.split


def _data(folder: RunFolder) -> str:
    """The hashes of the data of a run."""
    try:
        data = folder.read_json("env.json")["data"]
        return " ".join(str(each["sha256"]) for each in (data, *data.get("beside", ())))
    except (AttributeError, LookupError, TypeError) as error:
        raise ModelFolderError(
            "env.json does not say what data the run was made from", where=str(folder.path), fix="copy the run again"
        ) from error


def _verdicts(first: _Side, second: _Side) -> dict[str, tuple[str, str]]:
    """What both runs say of themselves."""
    return {
        name: (_verdict(first.folder, file), _verdict(second.folder, file))
        for name, file in VERDICTS.items()
        if all((each.folder.path / file).exists() for each in (first, second))
    }


def _verdict(folder: RunFolder, file: str) -> str:
    found = folder.read_json(file)
    verdict = found.get("verdict") if isinstance(found, dict) else None
    if not isinstance(verdict, str):
        raise ModelFolderError(
            f"{file} holds no verdict", where=str(folder.path), fix="copy the run again, or measure it again"
        )
    return verdict
