"""`salience fit`: words to settings, and a run folder at the end."""

import json
import os
import signal
import subprocess
import sys

import pytest
from safetensors.torch import load_file

from salience.cli.fit import from_words
from salience.cli.parser import parser
from salience.core.errors import ConfigError
from tests.cli.test_main import START

FILES = {
    "card.md",
    "checkpoints",
    "config.yaml",
    "env.json",
    "faithfulness.json",
    "figures",
    "history.csv",
    "importance.parquet",
    "log.txt",
    "metrics.json",
    "model",
    "predictions.csv",
    "report.html",
    "report.json",
    "run.json",
}


def settings(*words: object):
    return from_words(parser().parse_args(["fit", *map(str, words)]))


class TestWords:
    def test_a_data_file_with_options(self):
        made = settings("a.csv", "--target", "label", "--inputs", "title", "body", "--name", "x", "--seed", "3")
        assert (made.data, made.target, made.inputs, made.name) == ("a.csv", "label", ("title", "body"), "x")
        assert made.train == {"seed": 3}

    def test_words_change_a_config_and_options_change_words(self, tmp_path):
        path = tmp_path / "run.yaml"
        path.write_text("data: a.csv\ntarget: label\nmodel: {width: 32, pool: Mean}\n", encoding="utf-8")
        made = settings(path, "model.width=64", "target=stars", "train.epochs=3", "--seed", "7")
        assert (made.data, made.target) == ("a.csv", "stars")
        assert made.model == {"width": 64, "pool": "Mean"}
        assert made.train == {"epochs": 3, "seed": 7}
        assert settings(path, "target=stars", "--target", "mood").target == "mood"

    def test_a_run_may_be_told_in_words_alone(self):
        assert settings("data=a.csv", "target=label").data == "a.csv"

    def test_a_file_with_an_equals_sign_is_a_file(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "alpha=0.1.csv").touch()
        assert settings("alpha=0.1.csv", "target=label").data == "alpha=0.1.csv"

    @pytest.mark.parametrize(("text", "length"), [("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("1.5", 1.5)])
    def test_a_time_limit_has_a_unit(self, text, length):
        assert settings("a.csv", "--time-limit", text).train == {"time_limit": length}

    @pytest.mark.parametrize("text", ["soon", "0s", "-3", "1d", ""])
    def test_another_time_limit_is_refused(self, text):
        if not text:
            assert "time_limit" not in settings("a.csv", "--time-limit", text).train
            return
        with pytest.raises(ConfigError, match="expected a length of time above zero"):
            settings("a.csv", f"--time-limit={text}")

    def test_an_unknown_key_names_the_nearest(self):
        with pytest.raises(ConfigError, match="did you mean 'train'"):
            settings("a.csv", "trian.epochs=3")


class TestRun:
    def test_a_run_folder_is_complete(self, run):
        assert {each.name for each in run.iterdir()} == FILES
        assert json.loads((run / "run.json").read_text(encoding="utf-8"))["state"] == "complete"

    def test_nothing_is_written_beside_the_data(self, run, table):
        assert list(table.parent.iterdir()) == [table]

    def test_words_may_stand_behind_options(self, run):
        assert "width: 8" in (run / "config.yaml").read_text(encoding="utf-8")

    def test_a_time_limit_ends_training_and_everything_is_printed(self, say, table, tmp_path):
        words = ("train.epochs=100000", "train.patience=0", "model.width=8", "explain=0")
        said = say("fit", table, *words, "--target", "label", "--out", tmp_path, "--time-limit", "1s")
        assert (said.code, said.err) == (0, "")
        (folder,) = tmp_path.iterdir()
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        assert metrics["stopped"] == "the time limit of 1 s was reached"
        assert metrics["epochs"] < 100_000

        lines = said.out.splitlines()
        assert "task: Classification" in said.out
        assert sum("/100000  accuracy" in line for line in lines) == metrics["epochs"]
        assert lines[-1].split() == ["report", str(folder / "report.html")]
        assert not set(said.out) & {"\x1b", "\r"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no data was named"),
        (("target=label",), "no data was named"),
        (("none.csv", "--target", "label"), "there is no such file"),
        (("none.yaml",), "cannot read the config"),
        (("TABLE",), "no target was named"),
        (("TABLE", "--target", "lable"), "did you mean 'label'"),
        (("TABLE", "--target", "label", "--inputs", "txt"), "there is no column 'txt'"),
        (("TABLE", "--target", "label", "--inputs", "label"), "the target cannot be an input"),
        (("TABLE", "--target", "label", "--task", "Dancing"), "there is no task 'Dancing'"),
        (("TABLE", "--target", "label", "--horizon", "3"), "a forecast needs time stamps"),
        (("TABLE", "--target", "label", "--series", "text"), "series need time stamps"),
        (("TABLE", "--target", "label", "train.epochs=0"), "epochs must be at least 1, got 0"),
        (("TABLE", "--target", "label", "train.epoch=3"), "did you mean 'epochs'"),
        (("TABLE", "--target", "label", "train.learning_rate=.inf"), "must be a finite number"),
        (("TABLE", "--target", "label", "model.widht=8"), "did you mean 'width'"),
        (("TABLE", "--target", "label", "model.encoder=Cat"), "there is no 'Cat'"),
        (("TABLE", "--target", "label", "model.encoder={}"), "expected a name"),
        (("TABLE", "--target", "label", "split={ByColum: {column: x}}"), "did you mean 'ByColumn'"),
        (("TABLE", "--target", "label", "task={}"), "expected a name"),
        (("TABLE", "--target", "label", "inputs={text: {Text: {max_tokens: many}}}"), "must be a whole number"),
        (("TABLE", "--target", "label", "model.pool=os:system"), "importing it runs its code"),
        (("--resume", "TABLE"), "expected the folder of a run"),
        (("--resume", "runs/x", "--seed", "3"), "seed would have no effect"),
        (("--resume", "runs/x", "--time", "day", "--horizon", "3"), "time, horizon would have no effect"),
        (("TABLE", "--resume", "runs/x", "train.epochs=3"), "source, override would have no effect"),
    ],
)
def test_wrong_settings_are_told_and_leave_nothing_behind(say, table, tmp_path, words, message):
    words = [str(table) if word == "TABLE" else word for word in words]
    assert message in say("fit", *words, "--out", tmp_path / "runs").problem
    assert not (tmp_path / "runs").exists()


def test_a_complete_run_is_not_resumed(say, run):
    assert "the run is complete already" in say("fit", "--resume", run).problem


def start(*words: object, **options) -> subprocess.Popen:
    command = [sys.executable, "-c", START, "fit", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


@pytest.mark.slow
def test_a_run_killed_in_the_middle_goes_on_to_the_same_model(say, table, tmp_path):
    words = (table, "--target", "label", "train.epochs=30", "train.patience=0", "model.width=8", "explain=0")
    child = start(*words, "--out", tmp_path / "killed", env={**os.environ, "OMP_NUM_THREADS": "1"})
    for line in child.stdout:
        if line.startswith(" 3/30"):
            child.send_signal(signal.SIGKILL)
            break
    assert child.wait(60) == -signal.SIGKILL
    child.stdout.close()
    (folder,) = (tmp_path / "killed").iterdir()
    assert "it is running" in say("predict", folder, table).problem

    told = say("fit", "--resume", folder)
    assert told.code == 0
    assert "\n 1/30" not in told.out, "it began from the start"
    assert say("predict", folder, table).code == 0

    assert say("fit", *words, "--out", tmp_path / "whole", "--quiet").code == 0
    (whole,) = (tmp_path / "whole").iterdir()
    resumed, undisturbed = (load_file(each / "model" / "model.safetensors") for each in (folder, whole))
    assert all(resumed[name].equal(undisturbed[name]) for name in undisturbed)
    assert (folder / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()


@pytest.mark.slow
def test_an_interrupted_run_says_so_and_can_go_on(say, table, tmp_path):
    words = (table, "--target", "label", "train.epochs=1000", "train.patience=0", "model.width=8", "explain=0")
    child = start(*words, "--out", tmp_path)
    for line in child.stdout:
        if line.startswith("   2/1000"):
            child.send_signal(signal.SIGINT)
            break
    rest = child.stdout.read()
    child.stdout.close()
    assert child.wait(60) == 130, rest
    assert "Traceback" not in rest
    (folder,) = tmp_path.iterdir()
    problem = say("predict", folder, table).problem
    assert "the run is not complete: it is failed (interrupted)" in problem
    assert f"--resume {folder}" in problem
