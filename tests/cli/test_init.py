"""`salience init`: a config that says everything, and that `fit` reads back as it was meant."""

import dataclasses
import json
import re

import pandas as pd
import pytest
import yaml

from salience.core import config
from salience.data import planted_series
from salience.run.produce import prepare
from salience.run.settings import Settings
from salience.training import TrainOptions


@pytest.fixture
def written(say, table, tmp_path):
    path = tmp_path / "run.yaml"
    assert say("init", table, "--out", path).code == 0
    return path


def resolved(settings: Settings) -> Settings:
    return settings.resolved(prepare(settings.data, settings).inference)


def test_fit_reads_the_settings_that_were_resolved(written, table):
    read = config.make(Settings, config.read(written), where="run.yaml")
    assert resolved(read) == resolved(Settings(data=str(table), target="label"))
    assert read == dataclasses.replace(resolved(read), inputs=read.inputs)
    assert read.options == TrainOptions()


def test_every_key_stands_under_a_sentence(written):
    lines = written.read_text(encoding="utf-8").splitlines()
    keys = [i for i, line in enumerate(lines) if re.match(r"( {2})?\w+:", line)]
    named = [lines[i].split(":")[0] for i in keys]
    fields = [field.name for field in dataclasses.fields(Settings)]
    assert [name for name in named if not name.startswith(" ")] == fields
    options = [f"  {field.name}" for field in dataclasses.fields(TrainOptions)]
    start = lines.index("train:")
    assert [lines[i].split(":")[0] for i in keys if i > start][: len(options)] == options
    documented = [i for i in keys if not lines[i].startswith("  ") or i > start]
    for i in documented:
        assert re.match(r"\s*# \S.*[.;:}]", lines[i - 1]), f"{lines[i]!r} has no sentence"


def test_the_table_as_it_was_understood_stands_on_top(written):
    text = written.read_text(encoding="utf-8")
    assert text.startswith("# column  kind ")
    assert "# rows: 97\n" in text
    assert re.search(r"# split: \d+ train, \d+ validation, \d+ test; ", text)


def test_what_is_written_trains_and_tells_one_object(say, written, tmp_path):
    small = ("train.epochs=1", "model.width=8", "explain=0")
    said = say("fit", written, *small, "--name", "x/../y", "--out", tmp_path / "runs", "--json")
    assert (said.code, said.err) == (0, "")
    told = json.loads(said.out)
    (folder,) = (tmp_path / "runs").iterdir()
    assert told["run"] == str(folder)
    assert folder.name.endswith("-x-y")
    assert 0 <= told["scores"]["model test accuracy"] <= 1
    assert told["faithfulness"] is None


def test_names_and_cells_cannot_become_settings(say, tmp_path):
    rows = 40
    name = "text\u2028name: owned\x85explain: 7\x07\ntrain: {seed: 9}"
    table = pd.DataFrame({name: [f"word number {i} of many" for i in range(rows)]})
    table["label"] = ["yes\nname: owned", "no\r\nexplain: 7"] * (rows // 2)
    table.to_parquet(tmp_path / "evil.parquet")
    path = tmp_path / "run.yaml"
    assert say("init", tmp_path / "evil.parquet", "--target", "label", "--out", path).code == 0
    read = config.make(Settings, config.read(path), where="run.yaml")
    assert read.name is None
    assert read.explain == Settings().explain
    assert read.options.seed == 0
    assert list(read.inputs) == [name]


def test_the_usual_name_is_taken_for_the_target(written):
    assert yaml.safe_load(written.read_text(encoding="utf-8"))["target"] == "label"


def test_without_a_usual_name_the_columns_are_listed(say, tmp_path):
    (tmp_path / "a.csv").write_text("review,stars\ngood,5\nbad,1\n", encoding="utf-8")
    problem = say("init", tmp_path / "a.csv", "--out", tmp_path / "run.yaml").problem
    assert "--target with one of: review, stars" in problem
    assert not (tmp_path / "run.yaml").exists()


def test_a_config_is_never_overwritten(say, table, written):
    before = written.read_bytes()
    assert "the file exists already" in say("init", table, "--out", written).problem
    assert written.read_bytes() == before


def test_a_missing_folder_is_named(say, table, tmp_path):
    assert "there is no such folder to write to" in say("init", table, "--out", tmp_path / "no" / "run.yaml").problem


def test_with_json_there_is_one_object(say, table, tmp_path):
    said = say("init", table, "--out", tmp_path / "run.yaml", "--json")
    told = json.loads(said.out)
    assert told["config"] == str(tmp_path / "run.yaml")
    assert all(each["severity"] in ("info", "warning", "serious") for each in told["findings"])


def test_quiet_says_nothing(say, table, tmp_path):
    assert say("init", table, "--out", tmp_path / "run.yaml", "--quiet").out == ""


def test_a_table_of_series_becomes_a_forecast_that_fit_reads_back(say, tmp_path):
    planted_series(rows=300).to_csv(tmp_path / "days.csv", index=False)
    path = tmp_path / "run.yaml"
    given = ("--time", "day", "--horizon", 3, "--target", "y", "--out", path)
    assert say("init", tmp_path / "days.csv", *given).code == 0
    read = config.make(Settings, config.read(path), where="run.yaml")
    assert read.task == {"Forecast": {"horizon": 3, "targets": ["y"]}}
    assert read.inputs == {"history": {"Series": {"time": "day"}}}
    assert read.model == {"network": "PatchTST"}
    assert resolved(read) == read
