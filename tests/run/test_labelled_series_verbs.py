"""Everything that can be done with a run that gives series a label: with its own rows, and with other tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import salience
from salience.cli import main
from salience.core.errors import DataError, NotAvailable
from tests.data.series import HOURS
from tests.run.test_labelled_windows import LOOK_BACK, moments, whole

READS = {"time": "time", "series": "shop", "look_back": LOOK_BACK}


def fit(folder: Path, frame: pd.DataFrame, task: str, *, seed: int = 0) -> salience.Run:
    frame.to_csv(folder / "table.csv", index=False)
    return salience.fit(
        folder / "table.csv",
        target="label",
        task=task,
        inputs={"history": {"Series": READS}},
        model={"width": 8, "encoder": "Recurrent", "dropout": 0.0},
        train={"epochs": 6, "batch_size": 8, "learning_rate": 0.03, "seed": seed},
        explain=4,
        out=folder / "runs",
        name=f"{task}-{seed}",
    )


def later(count: int = 140) -> pd.DataFrame:
    return moments(count).assign(x=lambda frame: (np.arange(len(frame)) + 1) % 7.0)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> salience.Run:
    return fit(tmp_path_factory.mktemp("whole"), whole(), "Classification")


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> salience.Run:
    frame = moments(120).assign(label=lambda frame: frame["x"].rolling(3).mean())
    return fit(tmp_path_factory.mktemp("moments"), frame, "Regression")


def test_new_series_are_given_a_class_with_or_without_labels(series: salience.Run) -> None:
    new = whole(6).assign(shop=lambda frame: "new " + frame["shop"])
    found = series.predict(new)
    assert found.ids == [f"new s{k} {HOURS[8]}" for k in range(6)]
    assert set(found.prediction) <= {"up", "down"}
    assert series.predict(new.drop(columns="label")).prediction == found.prediction
    assert series.predict(new.to_dict("records")).prediction == found.prediction
    assert all(heats.importance for heats in found)
    assert "horizon" not in found.to_frame().columns


def test_other_series_are_judged(series: salience.Run) -> None:
    scores = series.evaluate(whole(40))
    assert set(scores) == set(series.metrics["test"])
    answers = series.predict(whole(40)).prediction
    assert scores["accuracy"].value == np.mean([("up", "down")[k % 2] == answers[k] for k in range(40)])
    with pytest.raises(DataError, match="there is no column 'label'"):
        series.evaluate(whole(40).drop(columns="label"))
    with pytest.raises(DataError, match="'sideways'"):
        series.evaluate(whole(4).replace({"label": {"up": "sideways"}}))


def test_every_labelled_row_of_another_table_is_judged(numbers: salience.Run) -> None:
    frame = later().assign(label=lambda frame: frame["x"].rolling(3).mean())
    scores = numbers.evaluate(frame)
    assert scores["r2"].value is not None
    assert scores["r2"].low is not None
    # The windows that end in rows 5 to 139; a label of text in one of them is an error.
    with pytest.raises(DataError, match=r"(?s)expected a finite number, got 'high'.*column 'label'"):
        numbers.evaluate(frame.astype({"label": object}).replace({"label": {frame["label"][50]: "high"}}))


def test_the_attention_to_series_is_put_to_the_tests(series: salience.Run, numbers: salience.Run) -> None:
    for run, frame in ((series, whole(20)), (numbers, later().assign(label=1.0))):
        assert run.trust(count=6).sentence
        assert run.trust(frame, count=6).num_rows == 6
        assert run.trust(frame.drop(columns="label"), count=2).sentence
        with pytest.raises(NotAvailable, match="windows of series are drawn in blocks of time"):
            run.trust(frame, count=6, group="shop")


def test_two_runs_on_series_are_compared(series: salience.Run) -> None:
    other = fit(series.folder.parents[1], whole(), "Classification", seed=1)
    assert salience.compare(series, other, count=8).sentence
    found = salience.compare(series, other, whole(20), count=8)
    assert "accuracy" in found.scores
    assert salience.compare(series, other, whole(20).drop(columns="label"), count=8).scores == {}


def test_every_verb_answers_for_series_with_labels(
    series: salience.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, table, out = str(series.folder), str(tmp_path / "new.csv"), tmp_path / "out.csv"
    whole(6).to_csv(table, index=False)
    assert main(["predict", run, table, "--out", str(out), "--quiet"]) == 0
    lines = pd.read_csv(out)
    assert list(lines.columns) == ["row", "prediction", "probability", "probability of down", "probability of up"]
    assert len(lines) == 6
    assert main(["explain", run, table, "--rows", "1", "--json"]) == 0
    units = json.loads(capsys.readouterr().out)
    assert len(units) == LOOK_BACK
    assert sum(unit["score"] for unit in units) == pytest.approx(1)
    assert main(["explain", run, table, "--rows", "1", "--report", str(tmp_path / "page.html"), "--quiet"]) == 0
    assert 'class="chart time"' in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert main(["evaluate", run, table, "--rows", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 6
    assert main(["trust", run, table, "--rows", "4", "--out", str(tmp_path / "trust.json"), "--quiet"]) == 0
    assert main(["compare", run, run, table, "--rows", "4", "--quiet"]) == 0
    assert main(["report", run, "--out", str(tmp_path / "again.html"), "--quiet"]) == 0
    assert main(["explain", run, table, "--horizon", "1"]) == 2
    assert "steps are those of a forecast, and the task is Classification" in capsys.readouterr().err
    assert main(["anomalies", run, table]) == 2
    assert "anomalies are told by forecasts" in capsys.readouterr().err


def test_a_table_that_does_not_fit_is_told(series: salience.Run, numbers: salience.Run) -> None:
    with pytest.raises(DataError, match="there is no column 'x'"):
        series.predict(whole(4).drop(columns="x"))
    with pytest.raises(DataError, match="there is no column 'time'"):
        series.evaluate(whole(4).drop(columns="time"))
    with pytest.raises(DataError, match="no series has the 6 rows that are needed"):
        series.predict(whole(4).groupby("shop").head(3))
    with pytest.raises(DataError, match="no row with a label has 6 rows of its series up to it"):
        series.evaluate(whole(4).groupby("shop").head(3))
    zoned = later().assign(time=lambda frame: frame["time"] + "+01:00")
    with pytest.raises(
        DataError, match="trained on time stamps that are dates without a zone, and these are dates with a"
    ):
        numbers.predict(zoned)
    with pytest.raises(DataError, match="dates without a zone, and these are numbers"):
        numbers.predict(later().assign(time=range(140)))
