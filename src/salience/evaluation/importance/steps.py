"""Importance for some steps of a forecast: where a model looks for the first day, and where for the last one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from salience.core.errors import ConfigError, NotAvailable
from salience.core.place import Heat
from salience.evaluation.importance.importance import Importance
from salience.evaluation.importance.received import AttentionShares
from salience.models.networks.network import Network
from salience.pipeline import Pipeline
from salience.tasks import Forecast

#: The first and the last step of a stretch of the horizon, counted from 1.
Steps = tuple[int, int]

#: Stretches into which a horizon is divided at most.
MOST = 24


def importance_of_steps(pipeline: Pipeline, rows: Iterable[Any], method: Importance, steps: Steps) -> list[list[Heat]]:
    """The units of each row, each with what it was worth for these steps of the forecast.

    Of attention these are the shares that the queries of these steps paid; their mean over all steps is what the method
    says of the whole forecast. Other methods explain one step at a time, and of it the first target.

    Raises:
        NotAvailable: the task is no forecast, the model cannot tell steps apart, or the method cannot take several.
        ConfigError: the steps lie outside the horizon.
    """
    task = pipeline.task
    if not isinstance(task, Forecast):
        raise NotAvailable(
            f"steps are those of a forecast, and the task is {type(task).__name__}", where="horizon", fix="leave it out"
        )
    first, last = steps
    if not 1 <= first <= last <= task.horizon:
        raise ConfigError(
            f"there is no step {first if first == last else f'{first} to {last}'} in a horizon of {task.horizon}",
            where="horizon",
            fix=f"give a step from 1 to {task.horizon}",
        )
    if isinstance(method, AttentionShares):
        if not tells_steps(pipeline):
            raise NotAvailable(
                f"{_named(pipeline)} looks once for all steps of its forecast",
                where="horizon",
                fix="leave it out, or explain a step by leave_one_out, gradient_x_input or integrated_gradients",
            )
        return replace(method, steps=steps)(pipeline, rows)
    if first != last:
        raise NotAvailable(f"'{method.name}' explains one step at a time", where="horizon", fix="ask for each step")
    encoded = pipeline.encode(rows)
    choice = torch.full((len(encoded),), (first - 1) * len(task.targets), dtype=torch.long)
    return method.heats(pipeline, encoded, choice)


def tells_steps(pipeline: Pipeline) -> bool:
    """Does the model look anew for each step of its forecast?"""
    models = [each.model for each in pipeline.members] or [pipeline.model]
    return all(isinstance(model, Network) and model.steps_apart for model in models)


def stretches(horizon: int, most: int = MOST) -> list[Steps]:
    """A horizon in stretches of one length (but for the last), at most so many.

    >>> stretches(3), stretches(7, most=3)
    ([(1, 1), (2, 2), (3, 3)], [(1, 3), (4, 6), (7, 7)])
    """
    size = -(-horizon // most)
    return [(first, min(first + size - 1, horizon)) for first in range(1, horizon + 1, size)]


def _named(pipeline: Pipeline) -> str:
    """What the model is called in a config."""
    model = (pipeline.members[0] if pipeline.members else pipeline).model
    return type(model).__name__ if isinstance(model, Network) else "a model with an encoder and a pool"
