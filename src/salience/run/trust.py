"""Put the attention of a finished run to the tests of the trust report, on its own test rows or on others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from salience.evaluation.trust import Trust, measure_trust
from salience.evaluation.trust.trust import Progress
from salience.pipeline import Pipeline
from salience.run.environment import environment
from salience.run.folder import RunFolder
from salience.run.settings import saved_settings
from salience.run.unseen import given, own

#: Where a run keeps it.
TRUST = "trust.json"


def trust(
    folder: RunFolder,
    pipeline: Pipeline,
    source: Any = None,
    *,
    others: Sequence[Pipeline] = (),
    count: int = 256,
    seed: int | None = None,
    group: str | None = None,
    progress: Progress | None = None,
) -> Trust:
    """Measure whether the attention of a run is true.

    Where the settings of the run name a rationale, and the rows have its column, what people marked is measured, too.

    Args:
        source: a file, a frame or mappings, with or without the target; by default the test rows of the run.
        others: the same model trained with other seeds, to tell how far they agree; the members of an ensemble are
            asked anyway.
        count: rows to measure.
        seed: of everything random; by default that of the run.
        group: a column that names what rows are drawn in: a day, a speaker, a document.

    Raises:
        ConfigError: the run was made from rows in Python, which have to be given again.
        DataError: a column is missing, or a cell cannot be read.
    """
    settings = saved_settings(folder.path)
    asked = own(folder, settings, group=group) if source is None else given(source, settings, pipeline, group=group)
    return measure_trust(
        pipeline,
        asked.cells,
        targets=asked.targets,
        groups=asked.groups,
        rationales=asked.rationales,
        others=others,
        count=count,
        seed=settings.options.seed if seed is None else seed,
        progress=progress,
    )


def to_json(found: Trust) -> dict[str, Any]:
    """Everything that was measured, with the versions of what took part."""
    return {**found.to_dict(), "environment": environment()}
