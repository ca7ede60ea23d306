"""`salience fit --seeds`: from words to an ensemble, and every verb with it."""

import json
import os
import signal

import pandas as pd
import pytest
from safetensors.torch import load_file

from salience.cli.fit import from_words
from salience.cli.parser import parser
from tests.cli.conftest import SMALL
from tests.cli.test_fit import start


@pytest.fixture(scope="module")
def several(table, tmp_path_factory):
    """The folder of a run of two seeds, and what was printed."""
    from salience.cli import main

    out = tmp_path_factory.mktemp("several")
    assert main(["fit", str(table), *SMALL, "--target", "label", "--seeds", "2", "--out", str(out), "--quiet"]) == 0
    (folder,) = out.iterdir()
    return folder


def test_seeds_are_a_word_and_an_option(tmp_path):
    def made(*words):
        return from_words(parser().parse_args(["fit", *map(str, words)]))

    assert made("a.csv").seeds == 1
    assert made("a.csv", "--seeds", "5").seeds == 5
    assert made("a.csv", "seeds=3").seeds == 3
    path = tmp_path / "run.yaml"
    path.write_text("data: a.csv\nseeds: 4\n", encoding="utf-8")
    assert made(path).seeds == 4
    assert made(path, "--seeds", "2").seeds == 2


def test_every_member_and_the_agreement_are_printed(say, table, tmp_path):
    words = (table, *SMALL, "explain=0", "--target", "label", "--seeds", "2", "--seed", "7")
    said = say("fit", *words, "--out", tmp_path)
    assert (said.code, said.err) == (0, "")
    assert "member 1 of 2  seed 7" in said.out
    assert "member 2 of 2  seed 8" in said.out
    (line,) = [each for each in said.out.splitlines() if each.startswith("seeds ")]
    assert "2; rank agreement" in line
    assert line.endswith("of the parts are faint")


def test_an_ensemble_is_explained_with_intervals(say, several, table, tmp_path):
    found = json.loads(say("explain", several, table, "--rows", 1, "--json").out)
    assert all(each["low"] <= each["score"] <= each["high"] for each in found)
    assert {each["faint"] for each in found} <= {True, False}
    printed = say("explain", several, table, "--rows", 1, "--method", "leave_one_out").out
    assert " to +" in printed
    path = tmp_path / "words.csv"
    assert say("explain", several, table, "--rows", 3, "--out", path).code == 0
    assert {"low", "high", "faint"} <= set(pd.read_csv(path).columns)


def test_a_page_of_explained_rows_has_faint_marks(say, several, table, tmp_path):
    page = tmp_path / "page.html"
    assert say("explain", several, table, "--rows", 5, "--report", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert ("faint" in text.split("</style>")[1]) == ("interval covers that" in text)


def test_every_verb_takes_an_ensemble(say, several, run, table, tmp_path):
    answers = tmp_path / "answers.csv"
    assert say("predict", several, table, "--out", answers).code == 0
    assert len(pd.read_csv(answers)) == 97
    assert json.loads(say("predict", several, "--text", "good", "--json").out)["probability"] >= 0.5
    assert json.loads(say("evaluate", several, table, "--rows", 4, "--json").out)["rows"] == 97
    assert json.loads(say("compare", several, run, "--rows", 8, "--json").out)["importance"]["drift"]["value"] >= 0
    assert say("report", several, "--out", tmp_path / "again.html").code == 0
    assert (tmp_path / "again.html").read_text() == (several / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seeds", "0"), "trained with at least one seed, got 0"),
        (("--seeds", "2", "--seed", "4294967295"), "seed must be at least 0 and below 2**32, got 4294967296"),
    ],
)
def test_impossible_seeds_are_told_and_leave_nothing_behind(say, table, tmp_path, words, message):
    said = say("fit", table, *SMALL, "--target", "label", *words, "--out", tmp_path / "runs")
    assert message in said.problem
    assert not (tmp_path / "runs").exists()


def test_a_run_goes_on_with_its_own_seeds(say):
    assert "seeds would have no effect" in say("fit", "--resume", "runs/x", "--seeds", "3").problem


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_member_it_was_at(say, table, tmp_path):
    words = (
        table,
        "--target",
        "label",
        "--seeds",
        3,
        "train.epochs=20",
        "train.patience=0",
        "model.width=8",
        "explain=0",
    )
    child = start(*words, "--out", tmp_path / "killed", env={**os.environ, "OMP_NUM_THREADS": "1"})
    second = False
    for line in child.stdout:
        second |= line.startswith("member 2 of 3")
        if second and line.startswith(" 3/20"):
            child.send_signal(signal.SIGKILL)
            break
    assert child.wait(60) == -signal.SIGKILL
    child.stdout.close()
    (folder,) = (tmp_path / "killed").iterdir()

    told = say("fit", "--resume", folder)
    assert told.code == 0
    epochs = [line.split("/")[0].strip() for line in told.out.splitlines() if "/20  accuracy" in line]
    # The first member is done, the second goes on after its third epoch or its second, the last is trained whole.
    assert epochs[-20:] == [str(each) for each in range(1, 21)]
    assert 17 <= len(epochs) - 20 <= 18

    assert say("fit", *words, "--out", tmp_path / "whole", "--quiet").code == 0
    (whole,) = (tmp_path / "whole").iterdir()
    resumed, undisturbed = (load_file(each / "model" / "model.safetensors") for each in (folder, whole))
    assert all(resumed[name].equal(undisturbed[name]) for name in undisturbed)
    assert (folder / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()
