"""What holds for every verb: help, exit codes, errors of three lines, output that a pipe can take."""

import json
import os
import subprocess
import sys

import pytest

from salience import cli
from salience.cli import VERBS, main
from salience.cli.parser import VERSION
from salience.core.errors import SalienceError

START = "import sys; from salience.cli import main; sys.exit(main(sys.argv[1:]))"


def started(*words, **options):
    return subprocess.run([sys.executable, "-c", START, *map(str, words)], capture_output=True, timeout=120, **options)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert f"salience {verb}" in capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys):
    import salience

    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"salience {salience.__version__}\n"
    assert salience.__version__ == VERSION


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["predict"],
        ["predict", "run", "--wrong"],
        ["predict", "run", "a.csv", "b.csv"],
        ["predict", "run", "a.csv", "late.key=1"],
        ["fit", "a.csv", "--target", "label", "no_equals_sign"],
        ["explain", "run", "--rows", "-1"],
        ["explain", "run", "--rows", "²"],
        ["evaluate", "run", "--rows", "many"],
    ],
)
def test_a_command_that_does_not_exist_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_an_error_says_what_where_and_what_to_do(say, tmp_path):
    assert say("predict", tmp_path / "none", "a.csv").problem.splitlines() == [
        "error: there is no such folder",
        f"  where: {tmp_path / 'none'}",
        "  to do: give a folder that `salience fit` made",
    ]


def test_with_json_an_error_is_an_object(say, tmp_path):
    said = say("predict", tmp_path / "none", "a.csv", "--json")
    assert (said.code, said.err) == (2, "")
    assert json.loads(said.out) == {
        "error": "ConfigError",
        "problem": "there is no such folder",
        "where": str(tmp_path / "none"),
        "fix": "give a folder that `salience fit` made",
    }


def test_with_debug_the_traceback_comes_through(tmp_path):
    with pytest.raises(SalienceError):
        main(["predict", str(tmp_path / "none"), "a.csv", "--debug"])


def test_an_error_of_the_disk_is_told_like_any_other(say, run, monkeypatch):
    def full(*given):
        raise OSError(28, "No space left on device", "/full/answers.csv")

    monkeypatch.setattr("salience.cli.answers.predict", full)
    problem = say("predict", run, "a.csv").problem
    assert problem.startswith("error: No space left on device\n  where: /full/answers.csv\n")


def test_a_broken_installation_is_told_like_any_other_error(say, monkeypatch):
    monkeypatch.setitem(sys.modules, "salience.cli.catalogue", None)
    problem = say("list").problem
    assert "a package cannot be imported" in problem
    assert "salience doctor" in problem


def test_a_bug_is_not_hidden(monkeypatch):
    monkeypatch.setattr("salience.cli.catalogue.catalogue", lambda arguments: [][0])
    with pytest.raises(IndexError):
        main(["list"])


def test_an_interrupt_ends_with_130(say, monkeypatch):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("salience.cli.catalogue.catalogue", interrupted)
    said = say("list")
    assert (said.code, said.err) == (130, "\ninterrupted\n")


def test_a_reader_that_has_gone_is_no_error():
    """As in `salience data list | head -1`, where `head` ends first."""
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-c", START, "data", "list"]
    child = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, timeout=120)
    os.close(writing)
    assert (child.returncode, child.stderr) == (0, b"")


def test_a_terminal_with_few_characters_gets_escapes():
    name = "评论\udcff\x1b[2J\n"
    child = started("data", "info", name, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert child.returncode == 2
    assert rb"no data set '\u8bc4\u8bba\udcff\x1b[2J" in child.stderr
    assert b"\x1b" not in child.stderr
    assert len(child.stderr.splitlines()) == 2


def test_help_names_every_verb(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(f"\n    {verb} " in out for verb in cli.VERBS)
