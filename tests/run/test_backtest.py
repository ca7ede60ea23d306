"""Rolling-origin backtests: what each fold may learn from, and what the tables say."""

from typing import Any

import numpy as np
import pytest

from salience.core.errors import ConfigError, DataError
from salience.run.backtest import Backtest, _Plan, backtest
from tests.data.series import long

HORIZON, LOOK_BACK = 2, 6
TRAIN = {"epochs": 2, "batch_size": 16, "drop_units": 0.0, "learning_rate": 0.01}


def sawtooth(count: int = 150) -> list[dict[str, Any]]:
    return [{"time": t, "x": float(t % 4)} for t in range(count)]


def run(**options: Any) -> Backtest:
    given = {
        "inputs": {"h": {"Series": {"time": "time", "look_back": LOOK_BACK}}},
        "task": {"Forecast": {"horizon": HORIZON, "season": 4}},
        "model": {"network": "NLinear"},
        "train": TRAIN,
        "folds": 3,
        "span": 10,
    }
    return backtest(sawtooth(), **{**given, **options})


@pytest.mark.parametrize("sliding", [None, 40])
def test_a_fold_learns_from_nothing_that_it_forecasts(sliding: int | None) -> None:
    plan = _Plan(long(sawtooth(), series=None), LOOK_BACK, HORIZON, 1, 3, 10, sliding)
    for fold in range(3):
        last_learned = max(window.stop + HORIZON for window in plan.train(fold))
        first_held, last_held = plan.validation(fold)[0].stop, plan.validation(fold)[-1].stop + HORIZON
        first_test = plan.test(fold)[0].stop
        assert last_learned <= first_held < last_held <= first_test
    assert plan.test(0)[0].stop == 120
    assert plan.test(2)[-1].stop + HORIZON == 150
    first = plan.train(2)[0].stop - LOOK_BACK
    assert first == (0 if sliding is None else 140 - 10 - 40)


def test_the_tables_have_one_line_per_fold_model_and_score() -> None:
    found = run()
    names = ["model", "naive", "drift", "seasonal naive", "linear"]
    assert found.folds["model"].drop_duplicates().tolist() == names
    assert len(found.folds) == 3 * 5 * 7
    assert len(found.together) == 5 * 7
    assert found.folds["origin"].drop_duplicates().tolist() == ["120", "130", "140"]
    assert found.together["windows"].unique().tolist() == [3 * 9]
    values = found.together.set_index(["model", "score"])["value"]
    assert values["seasonal naive", "mae_units"] == pytest.approx(0, abs=1e-6)
    assert values["naive", "mae_units"] > 0.5
    bounds = found.together[found.together["score"] == "mse"]
    assert (bounds["low"] <= bounds["value"]).all()
    assert "seasonal naive" in str(found)


def test_without_refit_the_first_model_forecasts_every_fold() -> None:
    once, again = run(refit=False), run()
    first = [each.folds.query("fold == 1 and model == 'model'")["value"].to_numpy() for each in (once, again)]
    np.testing.assert_array_equal(*first)
    last = [each.folds.query("fold == 3 and model == 'model'")["value"].to_numpy() for each in (once, again)]
    assert not np.array_equal(*last)


def test_too_many_folds_for_the_table_are_an_error() -> None:
    with pytest.raises(
        DataError, match=r"(?s)before fold 1 lie 0 windows to learn from .* give fewer or shorter folds"
    ):
        run(folds=14)


@pytest.mark.parametrize("options", [{"folds": 0}, {"span": 1}, {"sliding": 0}])
def test_options_that_cannot_be_are_errors(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="give at least one fold, a span of at least one horizon"):
        run(**options)


def test_other_inputs_and_tasks_are_errors() -> None:
    with pytest.raises(ConfigError, match="a backtest needs an input that is a Series"):
        run(inputs={"x": "Text"})
    with pytest.raises(ConfigError, match="a series is forecast, and the task is Regression"):
        run(task={"Regression": {}})
