"""`salience fit` and what follows it for a graph in files, by words alone."""

import json

import pandas as pd

from salience.cli import main
from tests.run import graph_files as files


def test_links_are_learned_and_answered_from_the_command_line(tmp_path, capsys, monkeypatch) -> None:
    files.people(tmp_path)
    monkeypatch.chdir(tmp_path)
    graph = "inputs.pair.Graph"
    words = [f"{graph}.rows=pairs", f"{graph}.nodes=people.csv", f"{graph}.node=person", f"{graph}.directed=false"]
    small = ["model.width=8", "train.epochs=2", "explain=0"]
    assert main(["fit", "knows.csv", *words, *small, "--name", "links"]) == 0
    told = capsys.readouterr().out
    assert "GraphStack + AtPair" in told
    (run,) = (tmp_path / "runs").iterdir()
    # The config of the run makes the same run again.
    assert main(["fit", str(run / "config.yaml"), "--name", "again"]) == 0
    capsys.readouterr()
    pd.DataFrame({"source": ["p0", "p1"], "target": ["p3", "p2"]}).to_csv("asked.csv", index=False)
    assert main(["predict", str(run), "asked.csv", "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["row"] for each in answers] == ["p0 - p3", "p1 - p2"]
    assert {each["prediction"] for each in answers} <= {"linked", "apart"}


def test_tables_of_a_graph_for_a_run_that_reads_none_are_an_error(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = pd.DataFrame({"text": ["good film", "bad film"] * 20, "label": ["yes", "no"] * 20})
    rows["text"] += [f" number {i}" for i in range(40)]
    rows.to_csv("texts.csv", index=False)
    small = ["model.width=8", "train.epochs=1", "explain=0"]
    assert main(["fit", "texts.csv", "--target", "label", *small, "--quiet"]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert main(["predict", str(run), "texts.csv", "--edges", "edges.csv"]) == 2
    assert "--nodes and --edges name tables of a graph, and the model reads none" in capsys.readouterr().err


def test_rows_of_a_graph_cannot_be_skipped(tmp_path, capsys, monkeypatch) -> None:
    files.people(tmp_path)
    monkeypatch.chdir(tmp_path)
    graph = "inputs.person.Graph"
    words = [f"{graph}.edges=knows.csv", f"{graph}.hops=1", "model.width=8", "train.epochs=1", "explain=0", "--quiet"]
    assert main(["fit", "people.csv", "--target", "likes", *words]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert main(["predict", str(run), "people.csv", "--skip-bad-rows"]) == 2
    assert "rows of a graph are read together" in capsys.readouterr().err
