"""Pairs and whole graphs from tables, graphs of other libraries, and what is refused before anything is trained."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

import salience
from salience.core.errors import ConfigError, DataError
from salience.data import GraphTables
from salience.data.graph import Graph, PairView
from salience.run.produce import prepare
from salience.run.settings import Settings
from tests.run import graph_files as files

SIDES = ("train", "validation", "test")


def settings(inputs, target: str | None = None, **options) -> Settings:
    return Settings(target=target, inputs=inputs, **options)


def cells(prepared) -> list:
    return [cell for side in SIDES for row in prepared.rows(side) for cell in row.values()]


def test_edges_without_a_target_are_held_out_and_stand_beside_pairs_without_one(tmp_path) -> None:
    nodes, edges = files.people(tmp_path)
    prepared = prepare(tmp_path / "knows.csv", settings(files.of_pairs(tmp_path)))
    assert prepared.inference.target == "link"
    assert prepared.inference["source"].role == "input"
    joined = {frozenset(pair) for pair in zip(edges["source"], edges["target"], strict=True)}
    for side in SIDES:
        labels = prepared.targets_of(side)
        assert labels.count("linked") == labels.count("apart") > 0
        for row, label in zip(prepared.rows(side), labels, strict=True):
            graph = row["pair"].graph
            ids = frozenset(graph.ids[node] for node in row["pair"].asked)
            assert (ids in joined) == (label == "linked")
            assert not len(graph.edges_between(*row["pair"].asked))
    assert "70 % are left to look along" in prepared.split.how
    assert graph.num_nodes == len(nodes)


def test_a_split_of_edges_that_are_held_out_cannot_be_chosen(tmp_path) -> None:
    files.people(tmp_path)
    with pytest.raises(ConfigError, match=r"(?s)drawn at random, together with all others.*leave the split out"):
        prepare(tmp_path / "knows.csv", settings(files.of_pairs(tmp_path), split="Stratified"))


def labelled(tmp_path) -> tuple[pd.DataFrame, dict]:
    files.people(tmp_path)
    return files.pairs(tmp_path), files.of_pairs(tmp_path, edges=str(tmp_path / "knows.csv"))


def test_pairs_with_a_target_are_rows_of_their_table(tmp_path) -> None:
    frame, inputs = labelled(tmp_path)
    prepared = prepare(tmp_path / "pairs.csv", settings(inputs, "alike"))
    known = dict(zip(frame["source"] + " - " + frame["target"], frame["alike"], strict=True))
    assert {
        name: target
        for side in SIDES
        for name, target in zip(prepared.ids(side), prepared.targets_of(side), strict=True)
    } == known
    joined = [cell for cell in cells(prepared) if len(cell.graph.edges_between(*cell.asked))]
    assert {each.name: each.count for each in prepared.findings}["joined pairs"] == len(joined) > 0
    assert all(isinstance(cell, PairView) for cell in cells(prepared))


def test_both_orders_of_a_pair_are_on_one_side(tmp_path) -> None:
    frame, inputs = labelled(tmp_path)
    turned = frame.rename(columns={"source": "target", "target": "source"})
    prepared = prepare(pd.concat([frame, turned], ignore_index=True), settings(inputs, "alike"))
    sides = [{frozenset(name.split(" - ")) for name in prepared.ids(side)} for side in SIDES]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]


def test_a_pair_with_two_answers_is_an_error_with_both_rows(tmp_path) -> None:
    frame, inputs = labelled(tmp_path)
    first = frame.iloc[0]
    other = {"source": first["target"], "target": first["source"], "alike": "no" if first["alike"] == "yes" else "yes"}
    both = pd.concat([frame, pd.DataFrame([other])], ignore_index=True)
    with pytest.raises(
        DataError, match=rf"(?s)the pair .* is '{first['alike']}' in row 0 and .* here.*row {len(frame)}"
    ):
        prepare(both, settings(inputs, "alike"))
    # With directions the other order is another question.
    inputs["pair"]["Graph"]["directed"] = True
    assert len(cells(prepare(both, settings(inputs, "alike")))) == len(both)


def test_ids_that_look_like_pairs_are_not_taken_apart() -> None:
    names = ["a", "b", "c", "a - b", "b - c"]
    nodes = pd.DataFrame({"node": names, "age": [1, 5, 2, 9, 4]})
    asked = [("a", "b - c", "yes"), ("a - b", "c", "no"), ("a", "b", "no"), ("b", "c", "yes"), ("c", "a", "no")]
    rows = pd.DataFrame(asked * 4, columns=["source", "target", "alike"])
    edges = [{"source": "a", "target": "c"}]
    graph = {"pair": {"Graph": {"rows": "pairs", "directed": False}}}
    fractions = {"Stratified": {"fractions": [0.4, 0.3, 0.3]}}
    prepared = prepare(GraphTables(rows, nodes, edges), settings(graph, "alike", split=fractions))
    assert len(cells(prepared)) == 20


def test_a_pair_that_names_nobody_is_an_error_with_its_row(tmp_path) -> None:
    frame, inputs = labelled(tmp_path)
    frame.loc[3, "target"] = "p999"
    with pytest.raises(DataError, match=r"(?s)there is no node 'p999'.*row 3, column 'target'.*did you mean"):
        prepare(frame, settings(inputs, "alike"))


def test_tables_that_were_not_named_are_errors(tmp_path) -> None:
    files.people(tmp_path)
    files.pairs(tmp_path)
    files.molecules(tmp_path)
    with pytest.raises(ConfigError, match=r"(?s)no node table was named, and rows are pairs.*GraphTables"):
        prepare(tmp_path / "knows.csv", settings({"pair": {"Graph": {"rows": "pairs"}}}))
    with pytest.raises(ConfigError, match=r"(?s)no edge table was named.*edges: edges.csv"):
        prepare(tmp_path / "pairs.csv", settings(files.of_pairs(tmp_path), "alike"))
    with pytest.raises(ConfigError, match="no edge table was named"):
        prepare(tmp_path / "molecules.csv", settings(files.of_molecules(tmp_path, edges=None), "label"))


def test_graphs_are_rows_and_columns_are_learned_from_those_of_training(tmp_path) -> None:
    frame = files.molecules(tmp_path)
    bonds = pd.read_csv(tmp_path / "bonds.csv")
    chosen = settings(files.of_molecules(tmp_path, edge_features=["bond"]), "label", split="Stratified")
    test = prepare(tmp_path / "molecules.csv", chosen).ids("test")
    bonds.loc[bonds["molecule"].isin(test), "bond"] = "new"
    bonds.to_csv(tmp_path / "bonds.csv", index=False)
    prepared = prepare(tmp_path / "molecules.csv", chosen)
    graph = prepared.rows("test")[0]["molecule"]
    assert graph.edge_names == ("bond is double", "bond is single")
    assert not graph.edge_features.any()
    assert sorted(name for side in SIDES for name in prepared.ids(side)) == sorted(frame["molecule"])
    assert prepared.inference.notes[0].startswith("60 graphs of")


def test_a_graph_without_nodes_or_an_id_is_an_error(tmp_path) -> None:
    frame = files.molecules(tmp_path)
    inputs = files.of_molecules(tmp_path)
    extra = pd.DataFrame([{"molecule": "m999", "label": "plus"}])
    with pytest.raises(DataError, match=r"(?s)the graph 'm999' has no nodes.*row 60, column 'molecule'"):
        prepare(pd.concat([frame, extra], ignore_index=True), settings(inputs, "label"))
    extra["molecule"] = None
    with pytest.raises(DataError, match=r"(?s)an id is missing.*column 'molecule'"):
        prepare(pd.concat([frame, extra], ignore_index=True), settings(inputs, "label"))


def test_numbers_are_predicted_for_graphs_and_isolated_atoms_are_told(tmp_path) -> None:
    files.molecules(tmp_path)
    atoms = pd.read_csv(tmp_path / "atoms.csv")
    alone = pd.DataFrame([{"molecule": "m0", "atom": 99, "charge": 1, "marked": 0}])
    pd.concat([atoms, alone]).to_csv(tmp_path / "atoms.csv", index=False)
    prepared = prepare(tmp_path / "molecules.csv", settings(files.of_molecules(tmp_path), "weight", task="Regression"))
    assert prepared.inference.task == "Regression"
    assert {each.name: each.rows for each in prepared.findings}["isolated nodes"] == ("99",)
    assert {each.name: each.sentence for each in prepared.findings}["columns of edges"].startswith(
        "columns of the edge table are not read: bond"
    )


def test_a_table_of_some_nodes_asks_about_a_graph_in_other_tables(tmp_path) -> None:
    nodes, _ = files.people(tmp_path)
    asked = nodes.loc[::2, ["person", "likes"]].assign(likes=lambda each: np.where(each.index % 4, "tea", "coffee"))
    inputs = files.of_people(tmp_path, nodes=str(tmp_path / "people.csv"), features=["group", "age"])
    prepared = prepare(asked, settings(inputs, "likes"))
    assert len(cells(prepared)) == 30
    assert cells(prepared)[0].graph.num_nodes == 60


def test_frames_are_tables_as_well(tmp_path) -> None:
    nodes, edges = files.people(tmp_path)
    graph = {"rows": "nodes", "directed": False}
    prepared = prepare(GraphTables(nodes, edges=edges), settings({"person": {"Graph": graph}}, "likes"))
    assert len(cells(prepared)) == 60
    assert cells(prepared)[0].graph.num_edges == len(edges)


def test_a_run_from_frames_answers_only_with_its_tables_given_again(tmp_path) -> None:
    nodes, edges = files.people(tmp_path)
    run = salience.fit(
        GraphTables(nodes, edges=edges),
        target="likes",
        inputs={"person": {"Graph": {"directed": False, "hops": 1}}},
        model={**files.SMALL, "pool": "AtNode"},
        train=files.TRAIN,
        explain=0,
        out=tmp_path,
    )
    with pytest.raises(ConfigError, match=r"(?s)made from tables in Python, and does not keep them.*GraphTables"):
        run.predict(nodes)
    assert len(run.predict(GraphTables(nodes, edges=edges))) == 60


def test_nodes_of_another_graph_under_the_same_ids_are_not_taken_for_those_of_the_run(tmp_path) -> None:
    nodes, _ = files.people(tmp_path)
    run = salience.fit(
        str(tmp_path / "people.csv"),
        target="likes",
        inputs=files.of_people(tmp_path),
        model={**files.SMALL, "pool": "AtNode"},
        train=files.TRAIN,
        explain=0,
        out=tmp_path,
    )
    assert len(run.predict(nodes)) == 60
    nodes.loc[7, "age"] += 1
    with pytest.raises(DataError, match=r"(?s)'p7' has other features than in the graph.*--edges"):
        run.predict(nodes)
    (tmp_path / "knows.csv").write_text((tmp_path / "knows.csv").read_text() + "p0,p1,0,work\n")
    with pytest.raises(ConfigError, match=r"(?s)the data has changed.*knows.csv"):
        run.trust(count=2)


class Data(SimpleNamespace):
    """Has the attributes of a `Data` that are read, where torch_geometric is not installed."""


Data.__module__ = "torch_geometric.data.data"


def data(size: int = 40, *, seed: int = 0, **attributes) -> Data:
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.randint(size, (2, 3 * size), generator=generator)
    along = torch.randn(3 * size, 2, generator=generator)
    values = torch.randn(size, 4, generator=generator)
    return Data(x=values, edge_index=pairs, edge_attr=along, num_nodes=size, **attributes)


def test_a_data_of_torch_geometric_gives_nodes_with_its_masks_and_features_of_edges() -> None:
    made = data(y=torch.arange(40) % 2)
    for name, first, last in (("train_mask", 0, 20), ("val_mask", 20, 28), ("test_mask", 28, 36)):
        setattr(made, name, (torch.arange(40) >= first) & (torch.arange(40) < last))
    graph = {"node": {"Graph": {"edge_features": ["edge_attr"]}}}
    prepared = prepare(made, settings(graph, "y"))
    assert [len(prepared.rows(side)) for side in SIDES] == [20, 8, 8]
    assert prepared.ids("test") == [str(i) for i in range(28, 36)]
    found = cells(prepared)[0].graph
    np.testing.assert_allclose(found.edge_features, made.edge_attr.numpy(), rtol=1e-6)
    assert found.edges.tolist() == made.edge_index.tolist()
    with pytest.raises(DataError, match=r"(?s)the edges have no 'weight'.*edge_attr"):
        prepare(made, settings({"node": {"Graph": {"edge_features": ["weight"]}}}, "y"))


def test_a_data_of_torch_geometric_gives_edges_to_predict_and_several_give_graphs() -> None:
    links = prepare(data(), settings({"pair": {"Graph": {"rows": "pairs"}}}))
    assert set(links.targets) == {"linked", "apart"}
    several = [data(5, seed=i, y=torch.tensor([i % 2])) for i in range(30)]
    graphs = prepare(several, settings({"graph": {"Graph": {"rows": "graphs"}}}, "y"))
    assert all(isinstance(cell, Graph) for cell in cells(graphs))
    assert graphs.targets[:4] == ["0", "1", "0", "1"]
    with pytest.raises(DataError, match=r"(?s)rows are nodes, and 30 graphs of torch_geometric came"):
        prepare(several, settings({"graph": {"Graph": {}}}, "y"))
    several[3].y = torch.tensor([1, 2])
    with pytest.raises(DataError, match=r"expected one number for each graph, got the shape \(2,\)"):
        prepare(several, settings({"graph": {"Graph": {"rows": "graphs"}}}, "y"))


def test_a_run_on_data_of_torch_geometric_answers_for_another_one(tmp_path) -> None:
    run = salience.fit(
        data(y=torch.arange(40) % 2),
        target="y",
        inputs={"node": {"Graph": {"hops": 1, "edge_features": ["edge_attr"]}}},
        model={**files.SMALL, "pool": "AtNode"},
        train=files.TRAIN,
        explain=0,
        out=tmp_path,
    )
    assert len(run.predict(data(7, seed=3))) == 7
    assert "accuracy" in run.evaluate(data(9, seed=4, y=torch.arange(9) % 2))
    assert len(run.predict(GraphTables([{"node": 3}], nodes=data(7, seed=3)))) == 1


def test_a_graph_of_networkx_is_read_as_its_tables(tmp_path) -> None:
    networkx = pytest.importorskip("networkx")
    club = networkx.karate_club_graph()
    graph = {"node": {"Graph": {"hops": 1, "edge_features": ["weight"]}}}
    prepared = prepare(club, settings(graph, "club"))
    found = cells(prepared)[0].graph
    assert not found.directed
    assert (found.num_nodes, found.num_edges, len(prepared.targets)) == (34, 78, 34)
    assert found.edge_names == ("weight",)
    assert found.edge_features[0, 0] == club.edges[0, 1]["weight"]
    links = prepare(club, settings({"pair": {"Graph": {"rows": "pairs"}}}))
    assert set(links.targets) == {"linked", "apart"}
    several = [networkx.path_graph(3 + i % 4) for i in range(30)]
    for number, each in enumerate(several):
        each.graph["long"] = ("no", "yes")[number % 2]
    graphs = prepare(several, settings({"graph": {"Graph": {"rows": "graphs"}}}, "long"))
    assert [cell.num_nodes for cell in graphs.cells[:4]] == [3, 4, 5, 6]
    assert graphs.targets[:2] == ["no", "yes"]


def test_an_empty_table_of_nodes_and_no_edge_at_all() -> None:
    nodes = pd.DataFrame({"node": range(8), "age": [1, 5, 2, 7, 3, 9, 4, 0], "label": list("xy") * 4})
    alone = prepare(GraphTables(nodes, edges=[]), settings({"node": {"Graph": {}}}, "label", split="Stratified"))
    assert alone.findings[0].name == "isolated nodes"
    assert alone.findings[0].count == 8
    with pytest.raises(DataError, match="the table has no rows"):
        prepare(GraphTables(nodes.iloc[:0], edges=[]), settings({"node": {"Graph": {}}}, "label"))
