"""Which series is forecast badly, and how far ahead a forecast holds: every score by series, and by step.

Legend: N windows, H steps, T targets, Q quantiles, C = H T Q, K groups.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from salience.evaluation.forecast_scores import Parts, forecast_parts
from salience.tasks import Forecast


def scores_by_series(
    task: Forecast,
    answers: Float[np.ndarray, "N C"],
    target: Float[np.ndarray, "N 2+H T"],
    series: Sequence[str],
) -> pd.DataFrame:
    """One line per series and target: series, target, windows, then every score, empty where it is undefined.

    Args:
        answers: in the user's unit, what `task.probabilities` gives; `target` what `task.encode` gives.
        series: the name of the series of each window.
    """
    names = list(dict.fromkeys(series))
    number = {name: k for k, name in enumerate(names)}
    group = np.array([number[each] for each in series])
    windows = np.bincount(group, minlength=len(names))
    found = {name: _over_windows(each, group, len(names)) for name, each in _parts(task, answers, target).items()}
    return pd.DataFrame(
        [
            {"series": name, "target": variable, "windows": windows[k], **{each: found[each][k, t] for each in found}}
            for k, name in enumerate(names)
            for t, variable in enumerate(task.targets)
        ]
    )


def scores_by_step(
    task: Forecast, answers: Float[np.ndarray, "N C"], target: Float[np.ndarray, "N 2+H T"]
) -> pd.DataFrame:
    """One line per step of the horizon, counted from 1, and target: step, target, then every score."""
    found = {
        name: _divided(np.where(counts, values, 0.0).sum(0), counts.sum(0))
        for name, (values, counts) in _parts(task, answers, target).items()
    }
    return pd.DataFrame(
        [
            {"step": step + 1, "target": variable, **{each: found[each][step, t] for each in found}}
            for step in range(task.horizon)
            for t, variable in enumerate(task.targets)
        ]
    )


def _parts(task: Forecast, answers: np.ndarray, target: np.ndarray) -> dict[str, Parts]:
    """Those of the scores that the task names, in its order."""
    found = forecast_parts(task, answers, target)
    return {name: found[name] for name in task.scores}


def _over_windows(parts: Parts, group: Int[np.ndarray, "N"], count: int) -> Float[np.ndarray, "K T"]:
    values, counts = parts
    sums, counted = (
        np.stack([np.bincount(group, each, count) for each in numbers.sum(1).T], axis=1)
        for numbers in (np.where(counts, values, 0.0), counts.astype(float))
    )
    return _divided(sums, counted)


def _divided(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
