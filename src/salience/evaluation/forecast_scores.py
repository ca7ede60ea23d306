"""How good forecasts are, averaged over windows, steps and targets; a missing true value counts nowhere.

Legend: N windows, H steps, T targets, Q quantiles, C = H T Q, R draws.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from salience.core.errors import DataError
from salience.evaluation.bootstrap import Statistic
from salience.tasks import Forecast

#: Of each window, step and target what it adds to a score, and whether it counts.
Parts = tuple[Float[np.ndarray, "N H T"], Bool[np.ndarray, "N H T"]]


def forecast_statistics(
    task: Forecast, answers: Float[np.ndarray, "N C"], target: Float[np.ndarray, "N 2+H T"]
) -> dict[str, Statistic]:
    """Every score of a forecast, as functions of row weights: the means of `forecast_parts`."""
    return {name: _mean(*each) for name, each in forecast_parts(task, answers, target).items()}


def forecast_parts(
    task: Forecast, answers: Float[np.ndarray, "N C"], target: Float[np.ndarray, "N 2+H T"]
) -> dict[str, Parts]:
    """What every score of a forecast is the mean of.

    `mse` and `mae` are on the scale of the training rows, as long-horizon benchmarks have them; `mae_units` is in the
    user's unit; `mase` divides the error of each target by its naive error in the training rows of the same series, and
    leaves out series that never change there or are not in them; `mase_pooled` by that of all series together; `smape`
    is in percent, 200 |e| / (|y| + |forecast|); `direction` is the share of true values that lie on the forecast side
    of the last known one; `pinball` and `coverage` (share of true values between the outermost quantiles) need
    quantiles.

    Args:
        answers: in the user's unit, quantiles ascending: what `task.probabilities` gives.
        target: what `task.encode` gives.

    Reference: Hyndman and Koehler 2006, "Another Look at Measures of Forecast Accuracy", section 3 (MASE: errors are
    scaled by the naive error of their own series, then averaged).
    """
    if len(answers) != len(target) or not len(target):
        raise DataError(
            f"expected as many forecasts as windows, and at least one, got {len(answers)} and {len(target)}"
        )
    if not np.isfinite(answers).all():
        raise DataError(
            "some forecasts are not finite numbers",
            fix="the model has diverged: train with a smaller learning rate, and look for extreme values in its inputs",
        )
    mean, deviation, pooled = (np.array(each) for each in (task.mean, task.deviation, task.naive))
    quantiles = answers.reshape(len(answers), task.horizon, len(task.targets), task.outputs)
    forecast = quantiles[..., task.point]
    naive = target[:, :1].astype(float) * deviation
    last, true = (each.astype(float) * deviation + mean for each in (target[:, 1:2], target[:, 2:]))
    known = np.isfinite(true)
    filled = np.where(known, true, 0.0)
    error = np.abs(filled - forecast)
    size = (np.abs(filled) + np.abs(forecast)) / 2
    found = {
        "mse": ((error / deviation) ** 2, known),
        "mae": (error / deviation, known),
        "mae_units": (error, known),
        "mase": (error / np.where(naive > 0, naive, 1.0), known & (naive > 0)),
        "mase_pooled": (error / np.where(pooled > 0, pooled, 1.0), known & (pooled > 0)),
        "smape": (100 * np.divide(error, size, out=np.zeros_like(error), where=size > 0), known),
        "direction": _direction(filled, forecast, last, known),
    }
    if task.quantiles:
        levels = np.array(task.quantiles)
        gaps = (filled[..., None] - quantiles) / deviation[:, None]
        inside = (filled >= quantiles[..., 0]) & (filled <= quantiles[..., -1])
        found["pinball"] = (np.maximum(levels * gaps, (levels - 1) * gaps).mean(-1), known)
        found["coverage"] = (inside.astype(float), known)
    return found


def _direction(
    true: Float[np.ndarray, "N H T"],
    forecast: Float[np.ndarray, "N H T"],
    last: Float[np.ndarray, "N 1 T"],
    known: Bool[np.ndarray, "N H T"],
) -> Parts:
    moved = known & np.isfinite(last) & (true != last)
    right = np.sign(np.where(moved, true - last, 0.0)) == np.sign(np.where(moved, forecast - last, 0.0))
    return right.astype(float), moved


def _mean(values: Float[np.ndarray, "N H T"], known: Bool[np.ndarray, "N H T"]) -> Statistic:
    """The mean over what is known of the rows of a draw."""
    total = np.where(known, values, 0.0).sum((1, 2))
    count = known.sum((1, 2)).astype(float)

    def statistic(weights: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R"]:
        counted = weights @ count
        return np.divide(weights @ total, counted, out=np.full(len(weights), np.nan), where=counted > 0)

    return statistic
