"""Anomalies of a table: what is flagged, what it is judged by, and that nothing is judged by itself."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import salience
from salience.cli import main
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.run.folder import RunFolder
from salience.run.run import Run
from tests.data.series import HOURS

LOOK_BACK, HORIZON = 8, 2


def waves(count: int = 130, *, odd: dict[int, float] | None = None) -> pd.DataFrame:
    """Two shops with a wave of eight hours; `odd` adds to what the first one sold."""
    parts = []
    for number, (shop, level) in enumerate((("north", 20.0), ("south", 50.0))):
        noise = np.random.default_rng(number).normal(0, 0.3, 1000)[:count]
        sold = level + 5 * np.sin(np.arange(count) * np.pi / 4) + noise
        if number == 0:
            for place, more in (odd or {}).items():
                sold[place] += more
        parts.append(pd.DataFrame({"shop": shop, "time": HOURS[:count].astype(str), "sold": sold}))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("anomalies")
    waves().to_csv(folder / "sold.csv", index=False)
    return salience.fit(
        folder / "sold.csv",
        target="sold",
        inputs={"past": {"Series": {"time": "time", "series": "shop", "look_back": LOOK_BACK}}},
        task={"Forecast": {"horizon": HORIZON}},
        model={"network": "NLinear"},
        train={"epochs": 30, "batch_size": 8, "learning_rate": 0.02},
        explain=0,
        out=folder / "runs",
    )


def test_what_was_not_to_be_expected_is_flagged(run: Run) -> None:
    found = run.anomalies(waves(180, odd={150: 12.0}))
    assert list(found.columns) == ["series", "time", "variable", "expected", "seen", "score", "flagged"]
    strongest = found.loc[found["score"].idxmax()]
    assert (strongest["series"], strongest["time"], strongest["variable"]) == ("north", str(HOURS[150]), "sold")
    assert strongest["flagged"]
    assert strongest["seen"] - strongest["expected"] > 9
    # Rows whose look-back holds the odd value are not to be blamed.
    calm = found[(found["series"] == "south") | (found["time"] < str(HOURS[150])) | (found["time"] > str(HOURS[158]))]
    assert calm["flagged"].mean() < 0.1


def test_a_score_is_the_distance_of_the_residual_from_the_usual_one(run: Run) -> None:
    found = run.anomalies(waves(150)).query("series == 'south'")
    usual = json.loads((run.folder / "residuals.json").read_text(encoding="utf-8"))["south"]
    off = np.abs(found["seen"] - found["expected"] - usual["centre"][0]) / usual["spread"][0]
    np.testing.assert_allclose(found["score"], off)
    assert (found["flagged"] == (found["score"] > 3.5)).all()
    assert run.anomalies(waves(150), above=1e-9)["flagged"].all()


def test_only_rows_after_those_that_it_was_made_from_are_judged(run: Run) -> None:
    # 104 rows of each shop to learn from, 13 to choose by, 13 to judge.
    expected = [str(each) for each in HOURS[117:130]]
    for found in (run.anomalies(), run.anomalies(waves())):
        assert found.query("series == 'north'")["time"].tolist() == expected
    changed = waves(odd=dict.fromkeys(range(104, 117), 30.0))
    assert len(run.anomalies(changed)) == 2 * 13
    assert salience.load(run.folder).anomalies(waves(140))["time"].max() == str(HOURS[139])


def test_a_missing_value_has_no_score_and_no_flag(run: Run) -> None:
    frame = waves(140)
    frame.loc[135, "sold"] = None
    line = run.anomalies(frame).query("series == 'north' and seen.isna()")
    assert line["time"].tolist() == [str(HOURS[135])]
    assert line["score"].isna().all()
    assert not line["flagged"].any()


def test_what_cannot_be_judged_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="usual residuals of the series 'west'"):
        run.anomalies(waves(140).replace({"shop": {"north": "west"}}))
    with pytest.raises(DataError, match="no row is left to be judged"):
        run.anomalies(waves(117))
    with pytest.raises(ConfigError, match="above is 0"):
        run.anomalies(waves(140), above=0)
    with pytest.raises(DataError, match="there is no column 'sold'"):
        run.anomalies(waves(140).drop(columns="sold"))
    old = RunFolder.create("old", parent=tmp_path)
    with pytest.raises(NotAvailable, match="the run does not keep what residuals are usual"):
        Run(old, run.pipeline).anomalies(waves(140))
    words = salience.Pipeline({"text": "Text"}, "Classification", model={"width": 4})
    with pytest.raises(NotAvailable, match="anomalies are told by forecasts, and the task is Classification"):
        Run(old, words).anomalies(waves(140))


def test_a_run_made_from_rows_in_python_needs_a_table(run: Run, tmp_path: Path) -> None:
    made = RunFolder.create("rows", parent=tmp_path)
    made.write_text("config.yaml", "target: sold\n")
    made.write_text("residuals.json", (run.folder / "residuals.json").read_text(encoding="utf-8"))
    with pytest.raises(ConfigError, match="the run was made from rows in Python"):
        Run(made, run.pipeline).anomalies()


def test_the_command_line_prints_and_writes_them(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "later.csv"
    waves(180, odd={150: 12.0}).to_csv(table, index=False)
    assert main(["anomalies", str(run.folder), str(table), "--above", "8", "--json"]) == 0
    flagged = json.loads(capsys.readouterr().out)
    assert str(HOURS[150]) in [each["time"] for each in flagged]
    assert all(each["flagged"] for each in flagged)
    out = tmp_path / "found.csv"
    assert main(["anomalies", str(run.folder), str(table), "--all", "--above", "8", "--out", str(out)]) == 0
    assert f"{len(flagged)} of 126 values lie more than 8 usual deviations off" in capsys.readouterr().out
    assert len(pd.read_csv(out)) == 126
    assert main(["anomalies", str(run.folder)]) == 0
    assert capsys.readouterr().out.startswith("series,time,variable,expected,seen,score,flagged")
    assert main(["anomalies", str(run.folder), str(tmp_path / "none.csv")]) == 2
