"""T1, T5 and T8 of models whose last look is no pool: networks that forecast, and layers along edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from salience.data import planted_graph
from salience.evaluation.trust.alone import alone
from salience.evaluation.trust.learned import learned
from salience.evaluation.trust.needed import distance, needed
from salience.evaluation.trust.trial import Trial
from salience.models import networks
from salience.pipeline import Pipeline
from tests.data.series import every_window, long, rows
from tests.evaluation.trust.trials import trial

LOOK_BACK, HORIZON = 6, 2
SMALL = {"width": 4, "heads": 2}


def forecasting(name: str) -> Trial:
    """A network that has learned nothing but names and scale, on trial."""
    given, chance = rows((30,), variables=3), np.random.default_rng(0)
    noisy = [{**row, **dict(zip("abc", chance.normal(size=3), strict=True))} for row in given]
    cells = every_window(long(noisy), look_back=LOOK_BACK, horizon=HORIZON)
    series = {"Series": {"time": "time", "look_back": LOOK_BACK, "patch": 3}}
    options: dict[str, Any] = {} if name.endswith("Linear") else SMALL
    pipeline = Pipeline(
        {"load": series}, {"Forecast": {"horizon": HORIZON, "targets": ["a"]}}, model={"network": {name: options}}
    )
    inputs = [{"load": each} for each in cells]
    pipeline.learn(inputs, cells).model.eval()
    with torch.no_grad():
        # Networks that begin as linear ones hardly listen to their attention at first.
        for each in pipeline.model.parameters():
            each.mul_(3.0)
    return trial(pipeline, inputs[:9], draws=50)


def of_a_graph() -> Trial:
    """Layers that have learned nothing, on trial."""
    made = planted_graph(nodes=12)
    model = {"width": 8, "encoder": {"GraphStack": {"attention": {"GATv2": {"heads": 2}}, "residual": True}}}
    pipeline = Pipeline({"node": {"Graph": {"self_loops": False}}}, "Classification", model={**model, "pool": "AtNode"})
    inputs = [{"node": cell} for cell in made.cells]
    pipeline.learn(inputs, made.labels).model.eval()
    return trial(pipeline, inputs, draws=50)


LOOKING = [name for name in networks.__all__ if not name.endswith("Linear")]


@pytest.mark.parametrize("name", LOOKING)
def test_a_network_is_told_to_look_elsewhere(name) -> None:
    made = forecasting(name)
    found = needed(made)
    assert found.claims
    assert found.statistics["change_shuffled"].value > 0
    assert ("before the sum whose parts are told" in found.numbers) == (name == "PatchTST")


@pytest.mark.parametrize("name", ["DLinear", "NLinear"])
@pytest.mark.parametrize("test", [needed, alone])
def test_a_network_without_attention_says_so(name, test) -> None:
    found = test(forecasting(name))
    assert found.verdict == "not available"
    assert f"{name} has no attention that could be given other weights" in found.sentence


def test_a_network_is_made_again_without_its_training() -> None:
    assert "correlation_untrained" in learned(forecasting("RecurrentAttention")).statistics


@pytest.mark.parametrize("made", [lambda: forecasting("RecurrentAttention"), of_a_graph])
def test_other_places_to_look_are_searched(made, monkeypatch) -> None:
    monkeypatch.setattr("salience.evaluation.trust.alone.STEPS", 10)
    found = alone(made())
    assert 0 <= found.statistics["share"].value <= 1
    assert found.verdict == "information"


def test_layers_along_edges_are_told_to_listen_to_others() -> None:
    found = needed(of_a_graph())
    assert found.claims
    assert found.statistics["change_shuffled"].value > 0


def test_a_forecast_moves_by_the_mean_of_its_steps() -> None:
    task = forecasting("RecurrentAttention").pipeline.task
    one, other = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 5.0]]])
    # Only the second step of the two moves, by three.
    assert distance(task, one, other).item() == 1.5


def test_the_units_of_a_graph_have_no_order_to_compare_with() -> None:
    assert set(learned(of_a_graph()).statistics) == {"correlation_untrained"}
