"""Every network forecasts inside a pipeline and is explained there, in the user's units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from salience.evaluation.importance import GradientXInput, Received, Rollout
from salience.models import networks
from salience.pipeline import Pipeline
from tests.data.series import every_window, long, rows

LOOK_BACK, HORIZON = 6, 3
SMALL = {"width": 4, "heads": 2}
OPTIONS = {"DLinear": {"average": 3}, "NLinear": {}, "ITransformer": SMALL, "PatchTST": SMALL}


def forecasting(name: str) -> tuple[Pipeline, list[dict[str, object]]]:
    """A pipeline that has learned names and scale, and windows with a variable known ahead and one with gaps."""
    given = rows((17,), variables=3)
    for row in given[4:6]:
        row["a"] = None
    cells = every_window(long(given, known=("b",)), look_back=LOOK_BACK, horizon=HORIZON)
    series = {"Series": {"time": "time", "look_back": LOOK_BACK, "patch": 3, "known": ["b"]}}
    task = {"Forecast": {"horizon": HORIZON, "targets": ["c", "a"], "quantiles": [0.1, 0.5, 0.9]}}
    pipeline = Pipeline({"load": series}, task, model={"network": {name: OPTIONS.get(name, SMALL)}})
    inputs = [{"load": each} for each in cells]
    return pipeline.learn(inputs, cells), inputs


@pytest.mark.parametrize("name", networks.__all__)
def test_a_network_answers_and_is_explained(name: str) -> None:
    pipeline, inputs = forecasting(name)
    answer = pipeline.predict(inputs[:2])[0]
    assert answer.prediction.values.shape == (HORIZON, 2)
    for method in (Received(), Rollout()):
        heats = method(pipeline, inputs[:2])[0]
        assert sum(each.score for each in heats) == pytest.approx(1)
    assert all(np.isfinite(each.score) for each in GradientXInput()(pipeline, inputs[:2])[0])


@pytest.mark.parametrize("name", networks.__all__)
def test_a_network_comes_back_from_its_folder(name: str, tmp_path: Path) -> None:
    pipeline, inputs = forecasting(name)
    pipeline.save(tmp_path / "model")
    again = Pipeline.load(tmp_path / "model")
    assert torch.equal(again.raw(again.encode(inputs[:2])), pipeline.raw(pipeline.encode(inputs[:2])))
