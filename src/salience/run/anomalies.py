"""What came and was not to be expected: anomalies of a table, by residuals of the forecasts of a run.

What residuals are usual is learned from the validation windows of the run, of which the model has learned nothing, and
only later rows are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.lazy import Lazy
from salience.data import table
from salience.data.long_table import LongTable
from salience.data.modalities import Series
from salience.data.windows import Run, Window, windows
from salience.evaluation.anomaly import UsualResiduals, expected, seen
from salience.pipeline import Pipeline
from salience.run.folder import RunFolder
from salience.run.settings import saved_settings
from salience.tasks import Answer, Forecast

#: Where a run keeps what is usual.
USUAL = "residuals.json"
#: Usual deviations from which a value is flagged.
ABOVE = 3.5
_NAMES = ["series", "time", "variable", "expected", "seen", "score", "flagged"]


def anomalies(folder: RunFolder, pipeline: Pipeline, source: Any = None, *, above: float = ABOVE) -> pd.DataFrame:
    """How unusual each value of a table is, given those before it.

    Each is forecast one step ahead. Its score is how many usual deviations its residual lies from the usual one, by
    medians of the residuals of the same series and variable in the validation windows.

    Args:
        source: a long table, with at least a look-back before what is to be judged; by default that of the run. Rows up
            to the last one of validation are not judged.
        above: the score from which a value is flagged.

    Returns:
        One line per value: series, time, variable, expected, seen, score, flagged. What is missing has no score.

    Raises:
        NotAvailable: the run is no forecast, or was made before runs kept their residuals.
        DataError: a series is unknown to the run, or no row is left to be judged.
        ConfigError: `above` is not positive, or the run was made from rows in Python and none are given.

    Reference: Iglewicz and Hoaglin 1993, "How to Detect and Handle Outliers" (the modified z-score, and 3.5).
    """
    if not above > 0:
        raise ConfigError(f"above is {above}", where="anomalies", fix="give a number of usual deviations above 0")
    if not isinstance(pipeline.task, Forecast):
        raise NotAvailable(
            f"anomalies are told by forecasts, and the task is {type(pipeline.task).__name__}", where="anomalies"
        )
    usual, until = _read(folder)
    (name,) = pipeline.inputs
    long = cast(Series, pipeline.modalities[name]).table(table.read(_source(folder) if source is None else source))
    judged = _after(long, until, pipeline)
    answers = list(pipeline.stream(judged.map(lambda window: {name: window})))
    return _frame(list(judged), answers, usual, pipeline.task, above)


def write_usual(folder: RunFolder, task: Forecast, held: Sequence[Window], answers: Sequence[Answer]) -> None:
    """Keep what residuals are usual in each series, from the validation windows and what was forecast for them."""
    residuals = seen(held, task) - expected(answers)
    names = np.array([window.name for window in held], dtype=object)
    known = [name for name in dict.fromkeys(names) if np.isfinite(residuals[names == name]).any(0).all()]
    kept = np.isin(names, known)
    usual = UsualResiduals.of(residuals[kept], names[kept].tolist())
    last = {window.name: _last(window) for window in held}
    folder.write_json(
        USUAL,
        {
            name: {
                "centre": usual.centre[name].tolist(),
                "spread": usual.spread[name].tolist(),
                "until": last[name],
                "windows": int((names == name).sum()),
            }
            for name in known
        },
    )


def _last(window: Window) -> float:
    """The time of the last row of its horizon."""
    end = int(window.table.starts[window.series + 1])
    return float(window.table.times[min(window.stop + window.horizon, end) - 1])


def _read(folder: RunFolder) -> tuple[UsualResiduals, dict[str, float]]:
    if not (folder.path / USUAL).exists():
        raise NotAvailable(
            "the run does not keep what residuals are usual", where=str(folder.path), fix="train it again"
        )
    kept = folder.read_json(USUAL)
    centre, spread = ({name: np.array(each[part]) for name, each in kept.items()} for part in ("centre", "spread"))
    return UsualResiduals(centre, spread), {name: float(each["until"]) for name, each in kept.items()}


def _source(folder: RunFolder) -> str:
    settings = saved_settings(folder.path)
    if settings.data is None:
        raise ConfigError(
            "the run was made from rows in Python, and does not keep them", where=str(folder.path), fix="give a table"
        )
    return settings.data


def _after(long: LongTable, until: dict[str, float], pipeline: Pipeline) -> Lazy[Window]:
    """Windows before each row that is to be judged."""
    unknown = [name for name in long.names if name not in until]
    if unknown:
        raise DataError(
            f"nothing is known about the usual residuals of the series {', '.join(map(repr, unknown[:5]))}",
            where=f"{len(unknown):,} of {len(long.names):,} series",
            fix="leave them out, or train on a table in whose validation rows they are",
        )
    series, horizon = cast(Series, next(iter(pipeline.modalities.values()))), cast(Forecast, pipeline.task).horizon
    runs = []
    for k, name in enumerate(long.names):
        begin, end = int(long.starts[k]), int(long.starts[k + 1])
        later = begin + int(np.searchsorted(long.times[begin:end], until[name], side="right"))
        runs.append(Run(k, max(begin + series.look_back, later), end - 1))
    found = windows(long, runs, look_back=series.look_back, horizon=horizon)
    if not len(found):
        raise DataError(
            "no row is left to be judged: rows that the run has learned from or chosen its model by are not, and each "
            f"needs {series.look_back} rows of its series before it",
            where=f"{len(long):,} rows in {len(long.names):,} series",
            fix="give later rows, with their past",
        )
    return found


def _frame(
    judged: Sequence[Window], answers: Sequence[Answer], usual: UsualResiduals, task: Forecast, above: float
) -> pd.DataFrame:
    forecast, came = expected(answers), seen(judged, task)
    names = [window.name for window in judged]
    scores = usual.off(came - forecast, names)
    count = len(task.targets)
    return pd.DataFrame(
        {
            "series": np.repeat(np.array(names, dtype=object), count),
            "time": np.repeat(np.array([window.table.stamps[window.stop] for window in judged], dtype=object), count),
            "variable": list(task.targets) * len(judged),
            "expected": forecast.ravel(),
            "seen": came.ravel(),
            "score": scores.ravel(),
            "flagged": (np.nan_to_num(scores) > above).ravel(),
        },
        columns=_NAMES,
    )
