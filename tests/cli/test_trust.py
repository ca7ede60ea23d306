"""`salience trust`: printed, kept, and shown in the page."""

import json
import shutil

import pytest


@pytest.fixture
def copy(run, tmp_path):
    """The run, to be added to."""
    return shutil.copytree(run, tmp_path / "run")


def test_the_own_rows_are_measured_kept_and_shown(say, copy):
    said = say("trust", copy, "--rows", "5")
    assert said.code == 0
    assert "Not proven with" in said.out
    for title in ("Needed", "Right parts", "Honest numbers", "Enough", "Learned", "Stable", "Alone"):
        assert title in said.out
    kept = json.loads((copy / "trust.json").read_text(encoding="utf-8"))
    assert kept["num_rows"] <= 5
    assert kept["sentence"] in said.out
    assert 'id="trust"' in (copy / "report.html").read_text(encoding="utf-8")


def test_other_rows_leave_the_run_as_it_is(say, copy, table, tmp_path):
    before = (copy / "report.html").read_bytes()
    out = tmp_path / "t.json"
    said = say("trust", copy, table, "--rows", "4", "--seed", "9", "--json", "--out", out)
    told = json.loads(said.out)
    assert (told["num_rows"], told["seed"]) == (4, 9)
    assert told == json.loads(out.read_text(encoding="utf-8"))
    assert (copy / "report.html").read_bytes() == before
    assert not (copy / "trust.json").exists()


def test_quiet_says_nothing(say, run, table):
    assert say("trust", run, table, "--rows", "4", "--quiet").out == ""


def test_a_group_that_is_no_column_is_named(say, run, table):
    assert "there is no column 'day'" in say("trust", run, table, "--group", "day").problem
