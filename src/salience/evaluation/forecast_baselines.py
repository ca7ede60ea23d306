"""What a forecast has to beat: the last value, that of one season before, the drift, and a linear map of the past.

Legend: N windows, L rows of the look-back, H steps, T targets, Q quantiles, C = H T Q.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from salience.data.windows import Window
from salience.tasks import Forecast

# Training windows that baselines learn from, evenly spaced.
MOST = 4000
# Share of the mean square of the inputs that is added to its diagonal.
_RIDGE = 1e-3

Guess = Callable[[Float[np.ndarray, "N L T"]], Float[np.ndarray, "N H T"]]


def forecast_baselines(
    train: Sequence[Window], test: Sequence[Window], task: Forecast
) -> dict[str, Float[np.ndarray, "N C"]]:
    """What simple models answer to the test windows, in the user's unit, by the name of the model.

    "naive" repeats the last known value; "seasonal naive" the last season (if the task has one); "drift" goes on by
    the mean step of the look-back; "linear" is one ridge regression per step, shared by all targets, of the
    differences to the last value on those of the whole look-back. Missing numbers of the past are carried forward.
    Where quantiles are asked for, those of the errors on training windows are added to the value of each step.
    """
    learned = [train[i] for i in np.linspace(0, len(train) - 1, min(MOST, len(train))).astype(int)]
    past, known = _past(learned, task), _future(learned, task)
    guesses: dict[str, Guess] = {"naive": lambda seen: _naive(seen, task), "drift": lambda seen: _drift(seen, task)}
    if task.season > 1 and past.shape[1] >= task.season:
        guesses["seasonal naive"] = lambda seen: _seasonal(seen, task)
    guesses["linear"] = _linear(past, known, task)
    return {name: _answers(guess, past, known, test, task) for name, guess in guesses.items()}


def _answers(
    guess: Guess,
    past: Float[np.ndarray, "N L T"],
    known: Float[np.ndarray, "N H T"],
    test: Sequence[Window],
    task: Forecast,
) -> Float[np.ndarray, "N C"]:
    blocks = [guess(_past(test[i : i + MOST], task)) for i in range(0, len(test), MOST)]
    found = np.concatenate(blocks)[..., None]
    if task.quantiles:
        errors = known - guess(past)
        found = found + np.moveaxis(np.nanquantile(errors, task.quantiles, axis=0), 0, -1)
    return found.reshape(len(test), -1)


def _naive(past: Float[np.ndarray, "N L T"], task: Forecast) -> Float[np.ndarray, "N H T"]:
    return np.repeat(past[:, -1:], task.horizon, axis=1)


def _seasonal(past: Float[np.ndarray, "N L T"], task: Forecast) -> Float[np.ndarray, "N H T"]:
    season = past[:, -task.season :]
    return np.tile(season, (1, -(-task.horizon // task.season), 1))[:, : task.horizon]


def _drift(past: Float[np.ndarray, "N L T"], task: Forecast) -> Float[np.ndarray, "N H T"]:
    step = (past[:, -1:] - past[:, :1]) / max(1, past.shape[1] - 1)
    return past[:, -1:] + step * np.arange(1, task.horizon + 1)[:, None]


def _linear(past: Float[np.ndarray, "N L T"], known: Float[np.ndarray, "N H T"], task: Forecast) -> Guess:
    """A ridge regression in closed form; missing true values are left out with their whole window and target."""
    scale = np.array(task.deviation)
    inputs, outputs = _flat((past - past[:, -1:]) / scale), _flat((known - past[:, -1:]) / scale)
    there = np.isfinite(outputs).all(1)
    inputs, outputs = inputs[there], outputs[there]
    square = inputs.T @ inputs
    penalty = _RIDGE * np.trace(square) / len(square) + 1e-12
    weights = np.linalg.solve(square + penalty * np.eye(len(square)), inputs.T @ outputs)

    def guess(seen: Float[np.ndarray, "N L T"]) -> Float[np.ndarray, "N H T"]:
        change = _flat((seen - seen[:, -1:]) / scale) @ weights
        return seen[:, -1:] + np.moveaxis(change.reshape(len(seen), len(scale), -1), 1, 2) * scale

    return guess


def _flat(values: Float[np.ndarray, "N S T"]) -> Float[np.ndarray, "NT S"]:
    """Each window and target as one row."""
    return np.moveaxis(values, 2, 1).reshape(-1, values.shape[1])


def _past(windows: Sequence[Window], task: Forecast) -> Float[np.ndarray, "N L T"]:
    values = np.stack([window.past[:, _index(window, task)] for window in windows])
    known = np.isfinite(values)
    last = np.maximum.accumulate(np.where(known, np.arange(values.shape[1])[:, None], -1), axis=1)
    carried = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where(last < 0, np.array(task.mean), carried)


def _future(windows: Sequence[Window], task: Forecast) -> Float[np.ndarray, "N H T"]:
    return np.stack([window.future[:, _index(window, task)] for window in windows])


def _index(window: Window, task: Forecast) -> list[int]:
    return [window.table.variables.index(name) for name in task.targets]
