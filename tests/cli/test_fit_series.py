"""Forecasts from the command line: short options for the columns, and answers to another table."""

import csv
import json
from pathlib import Path

import pytest

from examples.sales import sales
from salience.cli import main
from salience.cli.fit import from_words
from salience.cli.parser import parser
from salience.run.settings import Settings


def settings(*words: str) -> Settings:
    return from_words(parser().parse_args(["fit", *words]))


def table(path: Path, *, days: int) -> str:
    rows = sales(days=days)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_short_options_name_the_columns_and_the_horizon() -> None:
    made = settings("sales.csv", "--time", "day", "--series", "shop", "--horizon", "7", "--target", "sold")
    assert made.inputs == {"history": {"Series": {"time": "day", "series": "shop"}}}
    assert made.task == {"Forecast": {"horizon": 7}}
    assert made.target == "sold"


def test_short_options_join_what_is_said_by_path() -> None:
    made = settings(
        "sales.csv", "inputs.past.Series.look_back=14", "task.Forecast.season=7", "--time", "a day.x", "--horizon", "3"
    )
    assert made.inputs == {"past": {"Series": {"look_back": 14, "time": "a day.x"}}}
    assert made.task == {"Forecast": {"season": 7, "horizon": 3}}


def test_a_forecast_is_trained_and_made_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, later = table(tmp_path / "sales.csv", days=120), table(tmp_path / "later.csv", days=130)
    words = ["--time", "day", "--series", "shop", "--horizon", "5", "--target", "sold", "--quiet"]
    options = ["inputs.history.Series.look_back=14", "model.network=NLinear", "train.epochs=1", "explain=0"]
    assert main(["fit", data, *options, *words, "--out", str(tmp_path / "runs")]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert main(["predict", str(run), later, "--out", str(tmp_path / "answers.csv"), "--quiet"]) == 0
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 3 * 5
    assert {line["truth"] for line in lines} == {""}
    assert lines[0]["time"].startswith("2023-05-12")
    capsys.readouterr()
    assert main(["explain", str(run), later, "--json", "--rows", "1"]) == 0
    units = json.loads(capsys.readouterr().out)
    assert {unit["variable"] for unit in units} == {"price", "sold"} or {unit["variable"] for unit in units} == {None}
    assert {unit["series"] for unit in units} == {"north"}
    assert {(unit["horizon"], unit["horizon_stop"]) for unit in units} == {(1, 5)}
    assert main(["explain", str(run), later, "--json", "--rows", "1", "--horizon", "2"]) == 0
    assert {unit["horizon"] for unit in json.loads(capsys.readouterr().out)} == {2}
    assert main(["explain", str(run), later, "--rows", "1", "--horizon", "2"]) == 0
    assert capsys.readouterr().out.startswith("importance for step 2 of the forecast alone")
    assert main(["explain", str(run), later, "--horizon", "6"]) == 2
    assert "there is no step 6 in a horizon of 5" in capsys.readouterr().err
    for word, told in (
        (["--text", "much"], "the model reads series, and no text"),
        ([later, "--edges", later], "the model reads none"),
        ([later, "--skip-bad-rows"], "rows of series are read together"),
    ):
        assert main(["predict", str(run), *word]) == 2
        assert told in capsys.readouterr().err
    assert main(["explain", str(run), later, "--rows", "1"]) == 0
    assert "predicted sold" in capsys.readouterr().out
    assert main(["evaluate", str(run), later, "--rows", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["mase"]["value"] > 0


def test_a_step_that_is_no_number_is_not_called_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["explain", "runs/x", "sales.csv", "--horizon", "x"])
    assert "expected a whole number, 0 or more, got 'x'" in capsys.readouterr().err
