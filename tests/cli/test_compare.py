"""`salience compare`: a table for people, JSON for programs, and an exit code for checks."""

import dataclasses
import json

import pytest

from salience.cli import main
from salience.evaluation import Score
from salience.evaluation.comparison import ScoreChange
from salience.run.compare import compare as measure
from tests.cli.conftest import SMALL

EN_DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
SAME = "Both runs give the same answers, and find the same parts equally important."


@pytest.fixture(scope="session")
def other(table, tmp_path_factory):
    """The folder of a run on the same table from another seed."""
    out = tmp_path_factory.mktemp("other")
    words = ["fit", str(table), *SMALL, "explain=0", "--target", "label", "--seed", "7", "--out", str(out), "--quiet"]
    assert main(words) == 0
    (folder,) = out.iterdir()
    return folder


def test_a_run_is_the_same_as_itself(say, run):
    said = say("compare", run, run, "--max-drift", "0", "--max-score-drop", "0")
    assert said.code == 0
    assert said.err == ""
    lines = said.out.splitlines()
    assert SAME in lines
    scores = [line.split() for line in lines if line.startswith("accuracy")]
    assert scores[0][-1] == "open"
    (drift,) = [line.split() for line in lines if line.startswith("drift")]
    assert drift[:3] == ["drift", "0", f"(0{EN_DASH}0)"]
    assert "verdict of faithfulness  inconclusive -> inconclusive" in lines


def test_two_runs_are_told_to_people_and_to_programs(say, run, other, table, tmp_path):
    out = tmp_path / "compared.json"
    said = say("compare", run, other, table, "--rows", "31", "--json", "--out", out)
    assert said.code == 0
    told = json.loads(said.out)
    assert told == json.loads(out.read_text(encoding="utf-8"))
    assert told["runs"] == [str(run), str(other)]
    assert told["importance"]["num_rows"] == 31
    assert told["environment"]["torch"]
    assert list(tmp_path.iterdir()) == [out]
    people = say("compare", run, other, table, "--rows", "31").out
    assert told["sentence"] in people
    assert "rank agreement" in people


def test_quiet_says_nothing(say, run, table):
    assert say("compare", run, run, table, "--quiet").out == ""


def test_too_much_drift_ends_with_one(say, run, other, table):
    said = say("compare", run, other, table, "--quiet", "--max-drift", "0.00001")
    assert said.code == 1
    assert said.err.startswith("the drift is surely at least 0.0")
    assert said.err.endswith(f"; 1.0e{MINUS}05 is allowed\n")
    assert say("compare", run, other, table, "--quiet", "--max-drift", "1").code == 0


@pytest.mark.parametrize(
    ("name", "difference", "lower_is_better"),
    [("accuracy", Score(-0.1, -0.15, -0.05), False), ("mae", Score(0.1, 0.05, 0.15), True)],
)
def test_a_score_that_is_surely_worse_ends_with_one(say, run, table, monkeypatch, name, difference, lower_is_better):
    change = ScoreChange(Score(0.9), Score(0.8), difference, lower_is_better)
    found = dataclasses.replace(measure(run, run, table, count=5), scores={name: change})
    monkeypatch.setattr("salience.cli.compare.measure", lambda *given, **options: found)
    said = say("compare", run, run, "--quiet", "--max-score-drop", "0.04")
    assert (said.code, said.err) == (
        1,
        f"the second run is surely worse in {name} by at least 0.050; 0.040 is allowed\n",
    )
    assert say("compare", run, run, "--quiet", "--max-score-drop", "0.06").code == 0


def test_what_cannot_be_known_does_not_pass(say, run, tmp_path):
    one = tmp_path / "one.csv"
    one.write_text("text\na superb and lovely film\n", encoding="utf-8")
    said = say("compare", run, run, one, "--quiet", "--max-drift", "0.2", "--max-score-drop", "0.1")
    assert said.code == 1
    assert said.err.splitlines() == [
        "whether the drift lies above 0.200 is not known: a single row, or a single group, has no interval",
        "whether the second run is worse is not known: the rows have no targets",
    ]
    one.write_text("text,label\na superb and lovely film,positive\n", encoding="utf-8")
    said = say("compare", run, run, one, "--quiet", "--max-score-drop", "0.1")
    assert said.code == 1
    assert said.err.startswith("whether the second run is worse in accuracy is not known: a single row")


def test_other_runs_are_refused(say, run, tmp_path):
    assert "there is no such folder" in say("compare", run, tmp_path / "none").problem
    assert "there is no 'guess'" in say("compare", run, run, "--method", "guess").problem
    assert "at least one row whose importance is compared" in say("compare", run, run, "--rows", "0").problem


@pytest.mark.parametrize("limit", ["-0.1", "much", "nan", "inf"])
def test_a_limit_is_a_number(limit, run, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(run), str(run), f"--max-drift={limit}"])
    assert ended.value.code == 2
    assert f"expected a number, 0 or more, got '{limit}'" in capsys.readouterr().err


def test_a_comparison_is_written_as_a_page(say, run, other, table, tmp_path):
    page = tmp_path / "compared.html"
    said = say("compare", run, other, table, "--rows", "31", "--report", page)
    assert said.code == 0
    text = page.read_text(encoding="utf-8")
    assert run.name in text
    assert "rank agreement" in text
    assert list(tmp_path.iterdir()) == [page]
