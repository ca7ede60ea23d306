"""The protocol of the forecasts of ETTh1, on made-up rows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from benchmarks import ett
from salience.models import networks
from salience.models.networks.network import WindowShape

SHAPE = WindowShape(look_back=24, horizon=5, variables=2, targets=(0, 1), patch=8)


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of counted hours, with one more row than is used."""
    folder = tmp_path / "ett" / "ETT-small"
    folder.mkdir(parents=True)
    lines = [f"2016-07-01 00:00:00,{hour},{hour % 24}" for hour in range(14401)]
    (folder / "ETTh1.csv").write_text("\n".join(["date,a,b", *lines]), encoding="utf-8")
    monkeypatch.setenv("SALIENCE_DATA", str(tmp_path))


@pytest.mark.usefixtures("rows")
def test_sides_begin_and_end_where_the_protocol_says() -> None:
    sides = ett.sides(24, 5)
    assert {name: len(side) for name, side in sides.items()} == {"train": 8612, "validation": 2876, "test": 2876}
    mean, deviation = 8639 / 2, ((8640**2 - 1) / 12) ** 0.5
    hours = {name: side.windows[[0, -1], 0] * deviation + mean for name, side in sides.items()}
    for name, first, last in (("train", 0, 8639), ("validation", 8640 - 24, 11519), ("test", 11520 - 24, 14399)):
        ends = torch.stack([hours[name][0, 0], hours[name][1, -1]])
        torch.testing.assert_close(ends, torch.tensor([first, last]).float(), rtol=0, atol=0.01)


@pytest.mark.usefixtures("rows")
def test_a_batch_holds_what_the_elements_are() -> None:
    side = ett.sides(24, 5)["train"]
    window = side.windows[3]  # [V, L + F]
    expected = {"times": window[:, :24].T, "variables": window[:, :24], "patches": window[:, :24].reshape(6, 8)}
    for elements, values in expected.items():
        batch, target = side.batch(torch.tensor([3]), SHAPE, elements)
        assert torch.equal(batch.streams["series"].values[0], values)
        assert torch.equal(target[0], window[:, 24:].T.flatten())


def test_errors_count_every_window_step_and_variable() -> None:
    network = networks.NLinear(SHAPE)
    for each in network.parameters():
        each.data.zero_()
    # The last value is repeated: errors of 0 in the first variable, of 1 to 5 in the second.
    windows = torch.stack([torch.zeros(29), torch.arange(29.0)]).expand(300, 2, 29)
    squared, absolute = ett.test(network, ett.Side(windows, 24))
    assert squared == pytest.approx(55 / 10)
    assert absolute == pytest.approx(15 / 10)


def test_the_best_epoch_is_kept() -> None:
    windows = torch.randn(7, 2, 29)
    data = {"train": ett.Side(windows, 24), "validation": ett.Side(windows, 24)}
    network = networks.NLinear(SHAPE)
    epoch = ett.train(network, data, ett.Recipe(epochs=3, batch_size=4))
    assert epoch in range(3)
    assert ett.test(network, data["validation"])[0] < 10


def test_means_over_seeds_have_an_interval_and_what_was_tried_stands_apart() -> None:
    chosen = asdict(ett.recipe_of("DLinear", 336))
    run = {"network": "DLinear", "look_back": 336, "horizon": 96, "recipe": chosen, "epoch": 1}
    run |= {"test_mae": 0.4, "val_mse": 0.6, "core_seconds": 7.0}
    runs = [{**run, "seed": seed, "test_mse": 0.37 + 0.01 * seed} for seed in range(3)]
    runs.append({**run, "seed": 0, "test_mse": 9.0, "recipe": {**chosen, "epochs": 99}})
    mse = next(row for row in ett.summary(runs) if row.what.endswith("test_mse"))
    # Student's quantile with two degrees of freedom is 4.303.
    assert (mse.value, mse.bar) == (pytest.approx(0.38), "published 0.375")
    assert mse.high - mse.value == pytest.approx(4.303 * 0.01 / 3**0.5, rel=1e-3)
    (other,) = ett.tried(runs)
    assert "test_mse" not in other
