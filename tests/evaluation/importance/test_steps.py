"""Importance for some steps of a forecast, and who cannot tell them apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from salience.core.errors import NotAvailable
from salience.evaluation.importance import GradientXInput, Received, Rollout
from salience.evaluation.importance.steps import importance_of_steps, stretches, tells_steps
from salience.pipeline import Pipeline
from salience.run.importance_table import stretches_of
from tests.data.series import every_window, long, rows

HORIZON = 3


def forecasting(model: dict[str, Any], *, seeds: int = 1) -> tuple[Pipeline, list[dict[str, object]]]:
    cells = every_window(long(rows((17,))), look_back=6, horizon=HORIZON)
    inputs = [{"load": each} for each in cells]
    series = {"Series": {"time": "time", "look_back": 6, "patch": 3}}
    pipeline = Pipeline({"load": series}, {"Forecast": {"horizon": HORIZON}}, model=model)
    return pipeline.learn(inputs, cells, seeds=seeds), inputs[:2]


def scores(heats: list[list[Any]]) -> np.ndarray:
    return np.array([[each.score for each in row] for row in heats])


@pytest.mark.parametrize("method", [Received(), Rollout()])
@pytest.mark.parametrize("seeds", [1, 2])
def test_stretches_weighted_by_their_steps_are_the_whole(method: Any, seeds: int) -> None:
    pipeline, inputs = forecasting({"network": {"RecurrentAttention": {"width": 4, "heads": 2}}}, seeds=seeds)
    first, rest = (scores(importance_of_steps(pipeline, inputs, method, steps)) for steps in ((1, 1), (2, 3)))
    np.testing.assert_allclose((first + 2 * rest) / 3, scores(method(pipeline, inputs)), atol=1e-6)


def test_a_linear_map_tells_the_parts_of_each_step() -> None:
    pipeline, inputs = forecasting({"network": "NLinear"})
    weight = pipeline.model.weight.detach().abs().numpy()  # [F, L]
    values = np.abs(pipeline.encode(inputs)[0]["load"].values).sum(1)  # [L]
    parts = weight[1] * values
    found = scores(importance_of_steps(pipeline, inputs, Received(), (2, 2)))[0]
    np.testing.assert_allclose(found, parts / parts.sum(), rtol=1e-4)


@pytest.mark.parametrize(("model", "name"), [
    ({"network": {"ITransformer": {"width": 4, "heads": 2}}}, "ITransformer"),
    ({"width": 4, "encoder": "Identity"}, "a model with an encoder and a pool"),
])  # fmt: skip
def test_a_model_that_looks_once_says_so(model: dict[str, Any], name: str) -> None:
    pipeline, inputs = forecasting(model)
    assert not tells_steps(pipeline)
    assert stretches_of(pipeline) == [(1, HORIZON)]
    with pytest.raises(NotAvailable, match=f"{name} looks once for all steps of its forecast"):
        importance_of_steps(pipeline, inputs, Received(), (2, 2))
    # What a step owes to each part can still be measured from outside.
    assert np.isfinite(scores(importance_of_steps(pipeline, inputs, GradientXInput(), (2, 2)))).all()


def test_what_cannot_be_asked_is_told() -> None:
    pipeline, inputs = forecasting({"network": "NLinear"})
    with pytest.raises(NotAvailable, match="'gradient_x_input' explains one step at a time"):
        importance_of_steps(pipeline, inputs, GradientXInput(), (1, 2))
    words = Pipeline({"text": "Text"}, "Classification", model={"width": 4}).learn([{"text": "a"}] * 2, ["x", "y"])
    with pytest.raises(NotAvailable, match="steps are those of a forecast, and the task is Classification"):
        importance_of_steps(words, ["a"], Received(), (1, 1))


@pytest.mark.parametrize(("horizon", "count", "size"), [(14, 14, 1), (24, 24, 1), (96, 24, 4), (720, 24, 30)])
def test_a_long_horizon_is_told_in_stretches(horizon: int, count: int, size: int) -> None:
    found = stretches(horizon)
    assert len(found) == count
    assert found[0] == (1, size)
    assert [first for first, _ in found[1:]] == [last + 1 for _, last in found[:-1]]
    assert found[-1][1] == horizon
