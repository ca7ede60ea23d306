"""The protocol of the forecasts of ETTh1, on made-up rows."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import numpy as np
import pytest
import torch

from benchmarks import ett
from salience import Pipeline
from salience.run.prepare_series import PreparedSeries, prepare_series


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedSeries:
    """Counted hours, with one more row than is used."""
    path = tmp_path_factory.mktemp("ett") / "ETTh1.csv"
    begin = datetime(2016, 7, 1)
    lines = [f"{begin + timedelta(hours=hour)},{','.join([str(hour)] * 7)}" for hour in range(14401)]
    path.write_text("\n".join([f"date,{','.join(ett.VARIABLES)}", *lines]), encoding="utf-8")
    return prepare_series(path, ett.settings_of("DLinear", 24, 5, 0, ett.Recipe()), "history")


def test_sides_begin_and_end_where_the_protocol_says(prepared: PreparedSeries) -> None:
    assert {name: len(side) for name, side in prepared.sides.items()} == {
        "train": 8612,
        "validation": 2876,
        "test": 2876,
    }
    for name, first, last in (("train", 0, 8639), ("validation", 8640 - 24, 11519), ("test", 11520 - 24, 14399)):
        side = prepared.sides[name]
        assert side[0].past[0].tolist() == [first] * 7
        assert side[len(side) - 1].future[-1].tolist() == [last] * 7


def test_errors_count_every_window_step_and_variable(prepared: PreparedSeries) -> None:
    settings = ett.settings_of("NLinear", 24, 5, 0, ett.Recipe())
    pipeline = Pipeline(settings.modalities, settings.task or "", model=settings.model)
    pipeline.learn(prepared.rows("train"), prepared.targets_of("train"))
    with torch.no_grad():
        for each in pipeline.model.parameters():
            each.zero_()
    # The last value is repeated: errors of 1 to 5 hours in each variable, on the scale of the training rows.
    scale = np.arange(8640).std()
    found = ett.errors(pipeline, prepared, "test")
    assert found["mse"] == pytest.approx(11 / scale**2, rel=1e-4)
    assert found["mae"] == pytest.approx(3 / scale, rel=1e-4)


def test_the_settings_of_every_recipe_are_checked() -> None:
    for name, recipe in ett.RECIPES.items():
        assert ett.settings_of(name, 336, 96, 7, recipe).options.seed == 7


def test_a_recipe_keeps_what_is_not_changed() -> None:
    recipe = ett.changed(ett.RECIPES["PatchTST"], {"train": {"epochs": 3}})
    assert recipe == replace(ett.RECIPES["PatchTST"], train={**ett.RECIPES["PatchTST"].train, "epochs": 3})


def test_means_over_seeds_have_an_interval_and_what_was_tried_stands_apart() -> None:
    chosen = asdict(ett.recipe_of("DLinear", 336))
    run = {"network": "DLinear", "look_back": 336, "horizon": 96, "recipe": chosen, "epoch": 1}
    run |= {"test_mae": 0.4, "val_mse": 0.6, "core_seconds": 7.0}
    runs = [{**run, "seed": seed, "test_mse": 0.37 + 0.01 * seed} for seed in range(3)]
    runs.append({**run, "seed": 0, "test_mse": 9.0, "recipe": {**chosen, "network": {"other": 1}}})
    mse = next(row for row in ett.summary(runs) if row.what.endswith("test_mse"))
    # Student's quantile with two degrees of freedom is 4.303.
    assert (mse.value, mse.bar) == (pytest.approx(0.38), "published 0.375")
    assert mse.high - mse.value == pytest.approx(4.303 * 0.01 / 3**0.5, rel=1e-3)
    (other,) = ett.tried(runs)
    assert "test_mse" not in other
