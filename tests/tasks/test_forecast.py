"""Forecast: encoding, losses by hand, quantiles that never cross, and the number that is explained."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from salience.core.errors import ConfigError, DataError
from salience.tasks import Forecast, Trajectory
from tests.data.series import every_window, long, rows

LOOK_BACK, HORIZON = 5, 3


def fitted(*, horizon: int = HORIZON, given: list[dict[str, Any]] | None = None, **options: Any) -> Any:
    table = long(rows((13, 11)) if given is None else given)
    cells = every_window(table, look_back=LOOK_BACK, horizon=horizon)
    return Forecast(horizon=horizon, **options).fit(cells), cells


def test_a_target_is_the_naive_error_the_last_known_value_and_the_true_ones() -> None:
    task, cells = fitted(targets=["b"])
    target = task.encode(cells[:2])
    assert target.shape == (2, 2 + HORIZON, 1)
    np.testing.assert_allclose(target[:, 0, 0] * task.deviation[0], [10, 10], atol=1e-4)
    back = target[:, 1:].double() * task.deviation[0] + task.mean[0]
    np.testing.assert_allclose(back[1, :, 0], [51, 61, 71, 81], atol=1e-4)


def test_all_variables_that_are_not_known_ahead_are_targets() -> None:
    table = long(rows((13, 11), variables=3), known=("b",), calendar=("hour",))
    cells = every_window(table, look_back=LOOK_BACK, horizon=HORIZON)
    assert Forecast(horizon=HORIZON).fit(cells).targets == ("a", "c")


def test_a_target_that_is_known_ahead_or_is_no_variable_is_an_error() -> None:
    table = long(rows((13,), variables=3), known=("b",))
    cells = every_window(table, look_back=LOOK_BACK, horizon=HORIZON)
    with pytest.raises(DataError, match="the target 'b' is known ahead"):
        Forecast(horizon=HORIZON, targets=["b"]).fit(cells)
    with pytest.raises(DataError, match="the target 'd' is no variable of the series"):
        Forecast(horizon=HORIZON, targets=["d"]).fit(cells)


def test_the_naive_error_stays_within_series_and_goes_back_one_season() -> None:
    task, _ = fitted(season=2)
    assert task.naive == [20.0, 20.0]


def test_every_series_has_a_naive_error_of_its_own() -> None:
    given = rows((13, 11, 12))
    for row in given[:13]:
        row["a"] *= 3
    for row in given[24:]:
        row["a"] = 7.0
    task, cells = fitted(given=given)
    assert task.naive_of_series == {"s0": [30.0, 10.0], "s1": [10.0, 10.0], "s2": [0.0, 10.0]}
    assert task.naive[0] == pytest.approx((12 * 30 + 10 * 10 + 11 * 0) / 33)
    again = Forecast(horizon=HORIZON).restore(json.loads(json.dumps(task.state())))
    assert again.naive_of_series == task.naive_of_series
    # Of a series that training has not seen nothing is known; nor of any in models saved before there were such errors.
    old = {name: each for name, each in task.state().items() if name != "naive_of_series"}
    assert torch.isnan(Forecast(horizon=HORIZON).restore(old).encode(cells[:1])[0, 0]).all()


def test_the_loss_is_the_mean_squared_error_of_what_is_known() -> None:
    task, _ = fitted(horizon=2, targets=["a"])
    target = torch.tensor([[[9.0], [0.0], [1.0], [math.nan]], [[9.0], [0.0], [-1.0], [2.0]]])
    raw = torch.tensor([[0.5, 9.0], [-1.0, 5.0]], requires_grad=True)
    loss = task.loss(raw, target)
    assert loss.item() == pytest.approx((0.25 + 0.0 + 9.0) / 3)
    loss.backward()
    assert raw.grad is not None
    assert raw.grad[0, 1] == 0


@pytest.mark.parametrize(("error", "loss"), [
    ("squared", (0.25 + 9.0) / 2),
    ("absolute", (0.5 + 3.0) / 2),
    ("huber", (0.125 + 2.5) / 2),
])  # fmt: skip
def test_each_error_by_hand(error: str, loss: float) -> None:
    task, _ = fitted(horizon=2, targets=["a"], error=error)
    target = torch.tensor([[[9.0], [0.0], [1.0], [2.0]]])
    assert task.loss(torch.tensor([[0.5, 5.0]]), target).item() == pytest.approx(loss)


def test_a_batch_without_any_true_value_has_no_loss_and_no_gradient() -> None:
    task, _ = fitted(horizon=2, targets=["a"])
    raw = torch.ones(1, 2, requires_grad=True)
    loss = task.loss(raw, torch.full((1, 4, 1), math.nan))
    loss.backward()
    assert loss.item() == 0
    assert raw.grad is not None
    assert raw.grad.tolist() == [[0, 0]]


def test_the_pinball_loss_by_hand() -> None:
    task, _ = fitted(horizon=1, targets=["a"], quantiles=[0.1, 0.5, 0.9])
    target = torch.tensor([[[9.0], [0.0], [1.0]]])
    raw = torch.tensor([[0.0, 3.0, 2.0]])
    # Errors 1, -2, -1: 0.1 * 1, -0.5 * -2, -0.1 * -1.
    assert task.loss(raw, target).item() == pytest.approx((0.1 + 1.0 + 0.1) / 3)


def test_quantiles_of_an_answer_never_cross() -> None:
    task, _ = fitted(quantiles=[0.1, 0.5, 0.9])
    raw = torch.randn(7, HORIZON * 2 * 3, generator=torch.Generator().manual_seed(3))
    for answer in task.decode(raw):
        assert isinstance(answer.prediction, Trajectory)
        assert (np.diff(answer.prediction.quantiles, axis=-1) >= 0).all()
        np.testing.assert_array_equal(answer.prediction.values, answer.prediction.quantiles[..., 1])


def test_answers_are_in_the_unit_of_the_user_steps_first() -> None:
    task, cells = fitted()
    raw = task.true(task.encode(cells[:2])).flatten(1)
    answer = task.decode(raw)[0].prediction
    assert answer.targets == ("a", "b")
    np.testing.assert_allclose(answer.values, cells[0].future, atol=1e-4)


def test_the_mean_over_the_horizon_of_the_first_target_is_explained_or_any_one_value() -> None:
    task, _ = fitted()
    raw = torch.arange(2.0 * HORIZON).reshape(1, -1).repeat(2, 1)
    assert task.choose(raw).tolist() == [-1, -1]
    assert task.focus(raw).tolist() == [2.0, 2.0]
    assert task.focus(raw, torch.tensor([-1, 3])).tolist() == [2.0, 3.0]
    target = torch.cat([torch.zeros(2, 2, 2), raw.reshape(2, HORIZON, 2)], dim=1)
    torch.testing.assert_close(task.truth(target), task.focus(raw))


def test_the_state_is_all_there_is() -> None:
    task, cells = fitted(quantiles=[0.25, 0.5])
    again = Forecast(horizon=HORIZON, quantiles=[0.25, 0.5]).restore(json.loads(json.dumps(task.state())))
    raw = torch.randn(3, HORIZON * 2 * 2)
    torch.testing.assert_close(again.probabilities(raw), task.probabilities(raw))
    torch.testing.assert_close(again.encode(cells[:3]), task.encode(cells[:3]))


def test_a_window_with_another_horizon_is_an_error() -> None:
    task, _ = fitted()
    _, cells = fitted(horizon=2)
    with pytest.raises(DataError, match="expected a window with 3 steps after it"):
        task.encode([cells[0]])


@pytest.mark.parametrize(("options", "told"), [
    ({"horizon": 0}, "horizon is 0 and season is 1"),
    ({"horizon": 1, "quantiles": [0.1, 0.9]}, r"the quantiles are \[0.1, 0.9\]"),
    ({"horizon": 1, "quantiles": [0.9, 0.5]}, "the quantiles are"),
    ({"horizon": 1, "quantiles": [0.0, 0.5]}, "the quantiles are"),
    ({"horizon": 1, "error": "square"}, "(?s)there is no error 'square'.*did you mean 'squared'"),
    ({"horizon": 1, "quantiles": [0.5], "error": "huber"}, "quantiles have a loss of their own"),
])  # fmt: skip
def test_options_that_cannot_be_are_errors(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Forecast(**options)
