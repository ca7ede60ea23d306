"""Forecasts as a tidy table, and one forecast as the numbers that a picture of it is drawn from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import pandas as pd

from salience.core.place import Heat, Stretch
from salience.data.windows import Window
from salience.tasks import Answer, Trajectory


def trajectories_frame(ids: Sequence[str], answers: Sequence[Answer], windows: Sequence[Window]) -> pd.DataFrame:
    """One line per window, step and target: row, series, time, step, target, prediction, quantiles, true value.

    Of windows that overlap in what they forecast only those that follow each other are told.
    """
    lines = []
    reached: dict[tuple[int, int], int] = {}
    for row, answer, window in zip(ids, answers, windows, strict=True):
        of = (id(window.table), window.series)
        if window.stop < reached.get(of, 0):
            continue
        reached[of] = window.stop + window.horizon
        lines.append(_lines(row, answer, window))
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame()


def truth(window: Window, answer: Answer) -> Trajectory:
    """What a forecast would say if it were true; NaN where nothing is known."""
    found = answer.prediction
    assert isinstance(found, Trajectory)
    values = window.future[:, [window.table.variables.index(name) for name in found.targets]]
    return Trajectory(found.targets, values, (), values[..., None])


def drawing(window: Window, answer: Answer, by_step: Mapping[int, Sequence[Heat]] | None = None) -> str:
    """What a picture shows of a window and its forecast, as JSON: time stamps, numbers, forecast, truth.

    Args:
        by_step: for some steps of the forecast, where the model looked.
    """
    found = answer.prediction
    names = window.table.variables
    shown: dict[str, object] = {
        "series": window.name,
        "stamps": window.stamps(),
        "values": {
            name: _numbers(window.past[:, v]) for v, name in enumerate(names) if name not in window.table.categories
        },
        "categories": {name: window.categories(name) for name in names if name in window.table.categories},
    }
    if isinstance(found, Trajectory):
        index = [names.index(name) for name in found.targets]
        shown["ahead"] = window.stamps_ahead()
        shown["forecasts"] = {
            name: {
                "values": _numbers(found.values[:, t]),
                "truth": _numbers(window.future[:, index[t]]),
                "levels": list(found.levels),
                "low": _numbers(found.quantiles[:, t, 0]) if found.levels else [],
                "high": _numbers(found.quantiles[:, t, -1]) if found.levels else [],
            }
            for t, name in enumerate(found.targets)
        }
        shown["attention"] = {str(step): _over_time(heats, window) for step, heats in (by_step or {}).items()}
    return json.dumps(shown, ensure_ascii=False, allow_nan=False)


def _lines(row: str, answer: Answer, window: Window) -> pd.DataFrame:
    found = answer.prediction
    assert isinstance(found, Trajectory)
    steps, targets = found.values.shape
    index = [window.table.variables.index(name) for name in found.targets]
    levels = {f"quantile {level:g}": found.quantiles[..., q].ravel() for q, level in enumerate(found.levels)}
    return pd.DataFrame(
        {
            "row": row,
            "series": window.name,
            "time": np.repeat(np.array(window.stamps_ahead(), dtype=object), targets),
            "step": np.repeat(np.arange(1, steps + 1), targets),
            "target": list(found.targets) * steps,
            "prediction": found.values.ravel(),
            **levels,
            "truth": window.future[:, index].ravel(),
        }
    )


def _over_time(heats: Sequence[Heat], window: Window) -> list[float | None]:
    """What falls on each time stamp, of all variables together."""
    index = {stamp: i for i, stamp in enumerate((*window.stamps(), *window.stamps_ahead()))}
    found = np.zeros(len(index))
    for heat in heats:
        place = cast(Stretch, heat.unit.place)
        part = slice(index[place.start], index[place.stop] + 1)
        found[part] += heat.score / (part.stop - part.start)
    return _numbers(found)


def _numbers(values: np.ndarray) -> list[float | None]:
    """Six digits are enough for a picture; None is missing."""
    return [float(f"{each:.6g}") if math.isfinite(each) else None for each in values.tolist()]
