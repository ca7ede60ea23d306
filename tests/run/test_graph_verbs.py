"""Every verb for every kind of question about graphs: of the graph of a run, and of another one in other files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import salience
from salience.cli import main
from salience.core.errors import ConfigError, DataError
from salience.core.place import Edge, Node
from salience.data import GraphTables
from tests.run import graph_files as files


@dataclass(frozen=True)
class Asked:
    """A run, with rows about its own graph in a file, and the three files of another one."""

    run: salience.Run
    own: Path
    other: tuple[Path, Path | None, Path]
    target: str


def nodes(folder: Path, other: Path) -> Asked:
    people, _ = files.people(folder)
    files.people(other, size=12, seed=5, prefix="q")
    run = fit(folder / "people.csv", "likes", files.of_people(folder, edge_features=["years", "how"]), folder)
    people[["person", "likes"]].tail(4).to_csv(folder / "some.csv", index=False)
    return Asked(run, folder / "some.csv", (other / "people.csv", None, other / "knows.csv"), "likes")


def links(folder: Path, other: Path) -> Asked:
    files.people(folder)
    files.people(other, size=12, seed=5, prefix="q")
    run = fit(folder / "knows.csv", None, files.of_pairs(folder), folder)
    found = pd.DataFrame({"source": ["p1", "p9"], "target": ["p4", "p2"], "link": ["linked", "apart"]})
    found.to_csv(folder / "some.csv", index=False)
    found.replace("p", "q", regex=True).iloc[:1].to_csv(other / "some.csv", index=False)
    return Asked(run, folder / "some.csv", (other / "some.csv", other / "people.csv", other / "knows.csv"), "link")


def pairs(folder: Path, other: Path) -> Asked:
    files.people(folder)
    files.people(other, size=12, seed=5, prefix="q")
    found = files.pairs(folder)
    run = fit(folder / "pairs.csv", "alike", files.of_pairs(folder, edges=str(folder / "knows.csv")), folder)
    found.tail(4).to_csv(folder / "some.csv", index=False)
    asked = pd.DataFrame({"source": ["q1", "q9"], "target": ["q4", "q2"], "alike": ["yes", "no"]})
    asked.to_csv(other / "some.csv", index=False)
    return Asked(run, folder / "some.csv", (other / "some.csv", other / "people.csv", other / "knows.csv"), "alike")


def graphs(folder: Path, other: Path) -> Asked:
    found = files.molecules(folder)
    files.molecules(other, count=5, seed=5, prefix="n")
    run = fit(folder / "molecules.csv", "label", files.of_molecules(folder, edge_features=["bond"]), folder)
    found.tail(4).to_csv(folder / "some.csv", index=False)
    others = (other / "molecules.csv", other / "atoms.csv", other / "bonds.csv")
    return Asked(run, folder / "some.csv", others, "label")


def fit(source: Path, target: str | None, inputs: Any, folder: Path) -> salience.Run:
    pool = {"pair": "AtPair", "person": "AtNode", "molecule": "Additive"}[next(iter(inputs))]
    model, train = {**files.SMALL, "pool": pool}, files.TRAIN
    return salience.fit(str(source), target=target, inputs=inputs, model=model, train=train, explain=8, out=folder)


@pytest.fixture(scope="module", params=[nodes, links, pairs, graphs], ids=lambda each: each.__name__)
def asked(request, tmp_path_factory) -> Asked:
    folders = [tmp_path_factory.mktemp(request.param.__name__) for _ in range(2)]
    return request.param(*folders)


def tables(asked: Asked) -> GraphTables:
    rows, of_nodes, of_edges = (None if each is None else str(each) for each in asked.other)
    return GraphTables(rows, nodes=of_nodes, edges=of_edges)


def words(asked: Asked) -> list[str]:
    rows, of_nodes, of_edges = asked.other
    named = [] if of_nodes is None else ["--nodes", str(of_nodes)]
    return [str(rows), *named, "--edges", str(of_edges)]


def test_importance_is_a_row_for_each_node_and_each_edge_and_sums_to_one(asked):
    frame = pd.read_parquet(asked.run.folder / "importance.parquet")
    assert set(frame) >= {"row", "id", "source", "target", "number", "added", "score", "prediction", "method"}
    assert (frame["id"].notna() ^ frame["source"].notna()).all()
    assert not frame.duplicated(["row", "id", "source", "target", "number", "added"]).any()
    np.testing.assert_allclose(frame.groupby("row")["score"].sum(), 1, rtol=1e-6)
    test = asked.run.metrics["test"]
    assert 0 <= test["accuracy"]["value"] <= 1
    written = frame[frame["source"].notna() & ~frame["added"].fillna(False).astype(bool)]
    assert written["number"].notna().all()


def test_rows_about_the_graph_of_the_run_are_answered_from_a_file(asked):
    result = asked.run.predict(str(asked.own))
    frame = pd.read_csv(asked.own)
    assert len(result) == len(frame)
    again = asked.run.predict(frame)
    assert again.prediction == result.prediction
    assert {type(unit.place) for unit in result.units[0]} == {Node, Edge}
    assert next(iter(asked.run.stream(str(asked.own)))).prediction == result.prediction[0]


def test_rows_about_another_graph_are_answered_from_its_files(asked):
    result = asked.run.predict(tables(asked))
    assert len(result) == len(pd.read_csv(asked.other[0]))
    assert len({str(graph) for graph in result.ids}) == len(result)
    for heats in result.importance:
        assert sum(heats) == pytest.approx(1)


def test_a_saved_run_answers_tables_as_before(asked):
    loaded = salience.load(asked.run.folder)
    before, after = (run.predict(tables(asked)) for run in (asked.run, loaded))
    assert after.importance == before.importance
    assert after.probability == before.probability


def test_the_command_line_predicts_explains_evaluates_and_reports(asked, tmp_path, capsys):
    folder = str(asked.run.folder)
    out = tmp_path / "answers.csv"
    assert main(["predict", folder, *words(asked), "--out", str(out)]) == 0
    answers = pd.read_csv(out)
    result = asked.run.predict(tables(asked))
    assert [str(each) for each in answers["row"]] == [str(each) for each in result.ids]
    assert answers["prediction"].tolist() == result.prediction
    assert main(["explain", folder, str(asked.own), "--rows", "2", "--out", str(tmp_path / "why.parquet")]) == 0
    assert pd.read_parquet(tmp_path / "why.parquet")["row"].nunique() == 2
    assert main(["explain", folder, *words(asked), "--rows", "1", "--report", str(tmp_path / "why.html")]) == 0
    assert "chart graph" in (tmp_path / "why.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(["evaluate", folder, *words(asked), "--rows", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == len(pd.read_csv(asked.other[0]))
    assert main(["report", folder, "--out", str(tmp_path / "page.html")]) == 0
    assert "chart graph" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_run_is_put_to_the_test_and_compared_on_its_own_rows_and_on_others(asked, tmp_path):
    assert asked.run.trust(count=6).num_rows == 6
    assert asked.run.trust(tables(asked), count=4).num_rows >= 1
    same = salience.compare(asked.run, asked.run.folder, count=6)
    assert same.importance.drift.value == pytest.approx(0)
    assert salience.compare(asked.run, asked.run, str(asked.own), count=4).importance.drift.value == pytest.approx(0)
    scores = asked.run.evaluate(str(asked.own))
    assert "accuracy" in scores


def test_one_table_of_another_graph_alone_is_an_error(asked, capsys):
    rows, _, of_edges = asked.other
    with pytest.raises(ConfigError, match=r"(?s)another graph than that of the run needs its edge table.*--edges"):
        asked.run.predict(GraphTables(str(rows), nodes=str(asked.other[1] or rows)))
    if asked.other[1] is not None:
        with pytest.raises(ConfigError, match=r"(?s)another graph than that of the run needs its node table.*--nodes"):
            asked.run.predict(GraphTables(str(rows), edges=str(of_edges)))


def test_a_row_that_names_nothing_known_is_an_error_with_its_row(asked, tmp_path):
    frame = pd.read_csv(asked.own)
    column = frame.columns[0]
    frame.loc[frame.index[1], column] = "nobody"
    with pytest.raises(DataError, match=rf"(?s)nobody.*row (\d+), column '{column}'"):
        asked.run.predict(frame)


def test_features_that_new_files_lack_are_named(asked, tmp_path):
    rows, of_nodes, of_edges = asked.other
    column = "charge" if asked.target == "label" else "age"
    lacking = pd.read_csv(of_nodes or rows).drop(columns=column)
    given = GraphTables(lacking, None, of_edges) if of_nodes is None else GraphTables(rows, lacking, of_edges)
    with pytest.raises(DataError, match=f"there is no column '{column}'"):
        asked.run.predict(given)
