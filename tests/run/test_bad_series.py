"""Tables as they come: what is mended and told, and what is an error, from the table to the scores."""

from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import salience
from salience.cli import main
from salience.core.errors import DataError
from salience.run.produce import prepare
from tests.run.test_series_run import HORIZON, LOOK_BACK, SERIES, sales, settings


def fit(frame: pd.DataFrame, folder: Path, *, network: str = "NLinear", **series: Any) -> salience.Run:
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "sales.csv", index=False)
    return salience.fit(
        folder / "sales.csv",
        target="sold",
        inputs={"history": {"Series": {**SERIES, **series}}},
        task={"Forecast": {"horizon": HORIZON}},
        model={"network": network},
        train={"epochs": 1},
        explain=0,
        out=folder / "runs",
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> salience.Run:
    return fit(sales(), tmp_path_factory.mktemp("series"))


def test_the_order_of_rows_changes_nothing_and_is_told(run: salience.Run, tmp_path: Path) -> None:
    shuffled = sales().sample(frac=1, random_state=3)
    other = fit(shuffled, tmp_path)
    assert other.metrics["test"]["mse"]["value"] == pytest.approx(run.metrics["test"]["mse"]["value"])
    notes = prepare(shuffled, settings()).inference.notes
    assert "rows were not in the order of 'time', and were sorted" in notes


@pytest.mark.parametrize("network", ["NLinear", "RecurrentAttention"])
def test_missing_true_values_and_gaps_leave_finite_scores(tmp_path: Path, network: str) -> None:
    frame = sales()
    frame.loc[frame.index[5::7], "sold"] = None
    frame.loc[40:48, "sold"] = None
    frame = frame.drop(index=range(60, 64))
    found = fit(frame, tmp_path, network=network, step="1h")
    assert all(np.isfinite(score["value"]) for score in found.metrics["test"].values())
    assert np.isfinite(found.predict(frame).prediction[0].values).all()
    assert (
        "4 rows were added to fill gaps"
        in prepare(frame, settings(inputs={"history": {"Series": {**SERIES, "step": "1h"}}})).inference.notes
    )


def test_a_column_that_is_constant_in_train_can_be_anything_later(tmp_path: Path) -> None:
    frame = sales().assign(rain=0.0)
    frame.loc[frame["time"] > "2024-01-06", "rain"] = 1e6
    found = fit(frame, tmp_path, network="RecurrentAttention")
    assert all(np.isfinite(score["value"]) for score in found.metrics["test"].values())
    assert "'rain' is 0 in all training rows" in unescape((found.folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("change", "told"), [
    ({"sold": np.inf}, r"expected a finite number, got 'inf'"),
    ({"price": -np.inf}, r"expected a finite number, got '-inf'"),
    ({"time": "2024-01-01 01:00:00"}, "occurs twice"),
    ({"time": "2024-01-01 00:00:00+02:00"}, "1 of 260 time stamps have a zone, and the others have none"),
    ({"time": "yesterday"}, "expected a time stamp, got 'yesterday'"),
])  # fmt: skip
def test_a_cell_that_cannot_be_is_an_error_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], told: str
) -> None:
    frame = sales().astype({"time": object})
    for name, cell in change.items():
        frame.loc[0, name] = cell
    frame.to_csv(tmp_path / "sales.csv", index=False)
    words = ["--time", "time", "--series", "shop", "--horizon", "2", "--target", "sold", "--quiet"]
    options = ["inputs.history.Series.known=[price]", f"inputs.history.Series.look_back={LOOK_BACK}"]
    assert main(["fit", str(tmp_path / "sales.csv"), *options, *words, "--out", str(tmp_path / "runs")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("change", "told"), [
    (lambda frame: frame.drop(columns="price"), "there is no column 'price'"),
    (lambda frame: frame.drop(columns="sold"), "there is no column 'sold'"),
    (lambda frame: frame.drop(columns="shop"), "there is no column 'shop'"),
    (lambda frame: frame.assign(time=frame["time"] + "Z"), "and these are dates with a zone"),
    (lambda frame: frame.assign(sold="many"), "expected a finite number, got 'many'"),
    (lambda frame: frame.groupby("shop").head(LOOK_BACK - 1), "no series has the"),
])  # fmt: skip
def test_another_table_that_does_not_fit_is_told_by_every_verb(run: salience.Run, change: Any, told: str) -> None:
    bad = change(sales(40))
    for verb in (run.predict, run.explain, run.evaluate, run.trust, lambda rows: salience.compare(run, run, rows)):
        with pytest.raises(DataError, match=told):
            verb(bad)


def test_a_series_that_is_too_short_is_left_out_of_another_table(run: salience.Run) -> None:
    short = sales(40).query("shop == 'north' or time < '2024-01-01 08'")
    assert run.predict(short).ids == ["north 2024-01-02 15:00:00"]


def test_every_verb_answers_for_forecasts(
    run: salience.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, table = str(run.folder), str(tmp_path / "later.csv")
    sales(60).to_csv(table, index=False)
    assert main(["trust", folder, table, "--rows", "4", "--out", str(tmp_path / "trust.json"), "--quiet"]) == 0
    assert main(["compare", folder, folder, table, "--rows", "4", "--quiet"]) == 0
    assert main(["compare", folder, folder, "--rows", "4", "--json"]) == 0
    assert '"drift"' in capsys.readouterr().out
    assert main(["explain", folder, table, "--report", str(tmp_path / "page.html"), "--quiet"]) == 0
    assert "attention by step of the forecast" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert main(["report", folder, "--out", str(tmp_path / "again.html"), "--quiet"]) == 0
    assert main(["evaluate", folder, "--json"]) == 0
    assert '"mase_pooled"' in capsys.readouterr().out
