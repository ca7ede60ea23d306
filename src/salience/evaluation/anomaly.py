"""How unusual is what came? Residuals of forecasts, on the scale of the residuals that are usual.

Legend: N windows, H steps, T targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float

from salience.core.errors import DataError, NotAvailable
from salience.data.windows import Window
from salience.pipeline import Pipeline
from salience.tasks import Answer, Forecast
from salience.tasks.trajectory import Trajectory

# From the median absolute deviation to the standard deviation of a normal distribution.
_NORMAL = 1.4826
_LEAST = 1e-12
# Windows that are forecast together.
_TOGETHER = 4096


@dataclass(frozen=True)
class UsualResiduals:
    r"""What residuals are usual, per series and target: :math:`z = |r - m| / (1.4826\,d)`.

    m is the median of the residuals of the windows it was made from, d the median of their absolute deviations from it.
    Medians, so that a few anomalies among those windows do not make anomalies usual. Where more than half of the
    residuals are the same, d is 0, and their standard deviation stands in its place.

    Reference: Leys et al. 2013, "Detecting outliers: do not use standard deviation around the mean, use absolute
    deviation around the median".
    """

    #: Per series the medians of the targets, [T], and their deviations, [T], in the user's unit.
    centre: dict[str, Float[np.ndarray, "T"]]
    spread: dict[str, Float[np.ndarray, "T"]]

    @classmethod
    def of(cls, residuals: Float[np.ndarray, "N T"], series: Sequence[str]) -> UsualResiduals:
        """Learn from residuals of windows of these series. Missing residuals (NaN) do not count.

        Raises:
            DataError: a series has no known residual of some target.
        """
        centre, spread = {}, {}
        names = np.array(series, dtype=object)
        for name in dict.fromkeys(series):
            known = residuals[names == name]
            if not np.isfinite(known).any(0).all():
                raise DataError(
                    f"no residual of the series '{name}' is known", fix="give windows whose true values are known"
                )
            centre[name] = np.nanmedian(known, axis=0)
            deviation = _NORMAL * np.nanmedian(np.abs(known - centre[name]), axis=0)
            # Never zero: whatever differs from residuals that were all the same is unusual beyond measure.
            spread[name] = np.maximum(np.where(deviation > 0, deviation, np.nanstd(known, axis=0)), _LEAST)
        return cls(centre, spread)

    def scores(self, residuals: Float[np.ndarray, "N T"], series: Sequence[str]) -> Float[np.ndarray, "N"]:
        """How many usual deviations the most unusual target of each window lies off; NaN where no target is known.

        Raises:
            DataError: a series that `of` has not seen.
        """
        off = self.off(residuals, series)
        found = np.full(len(off), np.nan)
        known = np.isfinite(off).any(1)
        found[known] = np.nanmax(off[known], axis=1)
        return found

    def off(self, residuals: Float[np.ndarray, "N T"], series: Sequence[str]) -> Float[np.ndarray, "N T"]:
        """The same for each target by itself.

        Raises:
            DataError: a series that `of` has not seen.
        """
        unknown = sorted(set(series) - set(self.centre))
        if unknown:
            raise DataError(
                f"nothing is known about the usual residuals of the series {', '.join(map(repr, unknown))}",
                fix="learn them from windows of these series",
            )
        centre = np.stack([self.centre[name] for name in series])
        spread = np.stack([self.spread[name] for name in series])
        return np.abs(residuals - centre) / spread


def residuals(pipeline: Pipeline, windows: Sequence[Window], *, step: int = 0) -> Float[np.ndarray, "N T"]:
    """What came less what was forecast at one step of the horizon, in the user's unit; NaN where it is not known.

    Args:
        step: the step of the horizon, counted from 0.

    Raises:
        NotAvailable: the task of the pipeline is no forecast.
    """
    if not isinstance(pipeline.task, Forecast):
        raise NotAvailable(
            f"residuals are those of a forecast, and the task is {type(pipeline.task).__name__}", where="anomaly scores"
        )
    (name,) = pipeline.inputs
    found = []
    for start in range(0, len(windows), _TOGETHER):
        part = [windows[i] for i in range(start, min(start + _TOGETHER, len(windows)))]
        answers = pipeline.answers([pipeline.encode_row({name: each}, name=str(each)) for each in part])
        found.append(seen(part, pipeline.task, step=step) - expected(answers, step=step))
    return np.concatenate(found) if found else np.empty((0, len(pipeline.task.targets)))


def seen(windows: Sequence[Window], task: Forecast, *, step: int = 0) -> Float[np.ndarray, "N T"]:
    """What came at one step of the horizon; NaN where it is not known."""
    return np.stack(
        [each.future[step, [each.table.variables.index(name) for name in task.targets]] for each in windows]
    )


def expected(answers: Sequence[Answer], *, step: int = 0) -> Float[np.ndarray, "N T"]:
    """What was forecast for it."""
    return np.stack([cast(Trajectory, answer.prediction).values[step] for answer in answers])
