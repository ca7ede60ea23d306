"""Scores of forecasts by hand, and against the simple models that every forecast has to beat."""

import numpy as np
import pytest
import torch

from salience.core.errors import DataError
from salience.evaluation.baselines import baselines
from salience.evaluation.forecast_baselines import forecast_baselines
from salience.evaluation.forecast_scores import forecast_statistics
from salience.evaluation.forecast_tables import scores_by_series, scores_by_step
from salience.evaluation.scores import task_scores
from salience.tasks import Forecast
from tests.data.series import every_window, long


def task(**options: object) -> Forecast:
    made = Forecast(horizon=2, **options)  # type: ignore[arg-type]
    return made.restore({"targets": ["x"], "mean": [10.0], "deviation": [2.0], "naive": [4.0]})


NAN = float("nan")
# Naive errors 6 and 3; last 10; true 12, nan; 8, 14.
TARGET = torch.tensor([[[3.0], [0.0], [1.0], [NAN]], [[1.5], [0.0], [-1.0], [2.0]]])


def test_scores_by_hand() -> None:
    raw = torch.tensor([[0.5, 7.0], [-2.0, 2.0]])  # 11, 24; 6, 14
    scores = {name: score.value for name, score in task_scores(task(), raw, TARGET, draws=0).items()}
    assert scores["mse"] == pytest.approx((0.5**2 + 1 + 0) / 3)
    assert scores["mae"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert scores["mae_units"] == pytest.approx((1 + 2 + 0) / 3)
    # Each error by the naive error of its own series, or all by that of all series together.
    assert scores["mase"] == pytest.approx((1 / 6 + 2 / 3 + 0) / 3)
    assert scores["mase_pooled"] == pytest.approx((1 + 2 + 0) / 3 / 4)
    assert scores["smape"] == pytest.approx(100 * (1 / 11.5 + 2 / 7) / 3)
    assert scores["direction"] == 1.0


@pytest.mark.parametrize("naive", [0.0, NAN])
def test_a_series_that_never_changes_or_was_never_seen_has_no_scaled_error(naive: float) -> None:
    target = TARGET.clone()
    target[0, 0] = naive
    scores = task_scores(task(), torch.tensor([[0.5, 7.0], [-2.0, 2.0]]), target, draws=0)
    assert scores["mase"].value == pytest.approx((2 / 3 + 0) / 2)
    assert scores["mae_units"].value == pytest.approx(1)
    target[1, 0] = naive
    score = task_scores(task(), torch.zeros(2, 2), target, draws=0)["mase"]
    assert score.value is None
    assert score.reason.startswith("no true value is known, or no series that is judged changes")


def test_scores_of_each_series_and_each_step_by_hand() -> None:
    made = task()
    answers = np.array([[11.0, 24.0], [6.0, 14.0], [12.0, 0.0]])
    target = torch.cat([TARGET, TARGET[:1]]).numpy()
    found = scores_by_series(made, answers, target, ["north", "south", "north"]).set_index("series")
    assert list(found.columns) == ["target", "windows", *made.scores]
    assert found["windows"].tolist() == [2, 1]
    assert found.loc["north", "mae_units"] == pytest.approx((1 + 0) / 2)
    assert found.loc["south", "mase"] == pytest.approx((2 + 0) / 2 / 3)
    steps = scores_by_step(made, answers, target).set_index("step")
    assert steps["mae_units"].tolist() == pytest.approx([(1 + 2 + 0) / 3, 0])
    assert set(steps["target"]) == {"x"}


def test_scores_of_series_average_to_those_of_all() -> None:
    rng = np.random.default_rng(3)
    made = Forecast(horizon=2).restore(
        {"targets": ["x", "y"], "mean": [10.0, 1.0], "deviation": [2.0, 5.0], "naive": [4.0, 1.0]}
    )
    raw, target = torch.tensor(rng.normal(size=(30, 4))), torch.tensor(rng.normal(size=(30, 4, 2)))
    target[:, 0] = target[:, 0].abs()
    answers = made.probabilities(raw).numpy()
    found = scores_by_series(made, answers, target.numpy(), ["abcde"[i % 5] for i in range(30)])
    steps = scores_by_step(made, answers, target.numpy())
    for name, score in task_scores(made, raw, target, draws=0).items():
        assert found[name].mean() == pytest.approx(score.value)
        assert steps[name].mean() == pytest.approx(score.value)


def test_a_forecast_of_no_change_has_no_direction() -> None:
    assert task_scores(task(), torch.zeros(2, 2), TARGET, draws=0)["direction"].value == 0.0


def test_pinball_and_coverage_by_hand() -> None:
    made = task(quantiles=[0.1, 0.5, 0.9])
    raw = torch.tensor([[0.0, 1.0, 2.0, 0, 0, 0], [0.0, 0.0, 1.0, 1.0, 1.0, 3.0]])
    scores = {name: score.value for name, score in task_scores(made, raw, TARGET, draws=0).items()}
    # True 1, -1 and 2 in deviations: errors (1, 0, -1), (-1, -1, -2), (1, 1, -1).
    pinball = [0.1 + 0 + 0.1, 0.9 + 0.5 + 0.2, 0.1 + 0.5 + 0.1]
    assert scores["pinball"] == pytest.approx(sum(pinball) / 9)
    assert scores["coverage"] == pytest.approx(2 / 3)


def test_missing_true_values_alone_leave_scores_undefined() -> None:
    score = task_scores(task(), torch.zeros(1, 2), torch.full((1, 4, 1), NAN))["mse"]
    assert (score.value, score.reason) == (None, "no true value is known")


def test_windows_of_one_group_are_drawn_together() -> None:
    raw, target = torch.randn(40, 2), torch.randn(40, 4, 1)
    assert task_scores(task(), raw, target, groups=[0] * 40)["mse"].low is None
    assert task_scores(task(), raw, target, groups=[i // 4 for i in range(40)])["mse"].low is not None


def test_a_forecast_that_is_no_number_is_an_error() -> None:
    with pytest.raises(DataError, match="some forecasts are not finite numbers"):
        forecast_statistics(task(), np.array([[np.nan, 0.0]]), TARGET[:1].numpy())
    with pytest.raises(DataError, match="expected as many forecasts as windows"):
        forecast_statistics(task(), np.zeros((3, 2)), TARGET.numpy())


def series(values: list[float | None]) -> list[dict[str, object]]:
    return [{"time": t, "x": value} for t, value in enumerate(values)]


def windows(values: list[float | None], **options: int) -> tuple[Forecast, object]:
    cells = every_window(long(series(values), series=None), look_back=6, horizon=2)
    return Forecast(horizon=2, **options).fit(cells), cells


def test_baselines_by_hand() -> None:
    made, cells = windows([1.0, 5.0, 2.0, 6.0, 3.0, 7.0, 4.0, 8.0, 5.0, 9.0, 6.0], season=2)
    found = forecast_baselines(cells, cells[:1], made)
    assert found["naive"].tolist() == [[7, 7]]
    assert found["seasonal naive"].tolist() == [[3, 7]]
    np.testing.assert_allclose(found["drift"], [[7 + 6 / 5, 7 + 12 / 5]])


def test_the_linear_model_finds_a_linear_rule() -> None:
    values = [float(t % 5 == 0) * 3 + 0.5 * t for t in range(120)]
    made, cells = windows(values)
    found = forecast_baselines(cells[:60], cells[60:], made)["linear"].reshape(-1, 2)
    truth = np.stack([window.future[:, 0] for window in cells[60:]])
    assert np.abs(found - truth).max() < 0.05


def test_quantiles_of_a_baseline_come_from_its_errors_in_training() -> None:
    rng = np.random.default_rng(5)
    cells = every_window(long(series(rng.normal(size=900).tolist()), series=None), look_back=6, horizon=2)
    made = Forecast(horizon=2, quantiles=[0.1, 0.5, 0.9]).fit(cells)
    scores = baselines([], cells[:600], [], cells[600:], task=made)
    # With 291 windows the share of an 80 % interval has a standard error of 0.024.
    assert scores["linear"]["coverage"].value == pytest.approx(0.8, abs=0.07)
    assert scores["linear"]["pinball"].value < scores["naive"]["pinball"].value


def test_missing_numbers_of_the_past_are_carried_forward() -> None:
    made, cells = windows([1.0, 5.0, 2.0, 6.0, 3.0, None, 4.0, 8.0, 5.0, 9.0, 6.0, 7.0])
    assert forecast_baselines(cells, cells[:1], made)["naive"].tolist() == [[3, 3]]
