"""A run on a graph, from two tables to a folder, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import salience
from salience.core.errors import ConfigError, DataError
from salience.core.place import Edge, Node
from salience.data.graph_synthetic import COLOURS, SHAPES, planted_graph
from salience.run.produce import prepare
from salience.run.settings import Settings

MODEL = {
    "width": 16,
    "encoder": {"GraphStack": {"attention": {"GATv2": {"heads": 2}}, "residual": True}},
    "pool": "AtNode",
    "dropout": 0.1,
}


def tables(folder, *, nodes: int = 60):
    """The planted graph as two files; only asked nodes have a label."""
    made = planted_graph(nodes=nodes, seed=0)
    looks = np.asarray(made.graph.features)
    labels = dict(zip((cell.id for cell in made.cells), made.labels, strict=True))
    frame = pd.DataFrame(
        {
            "node": [f"n{each}" for each in made.graph.ids],
            "colour": [COLOURS[i] for i in looks[:, : len(COLOURS)].argmax(1)],
            "shape": [SHAPES[i] for i in looks[:, len(COLOURS) :].argmax(1)],
            "label": [labels.get(each) for each in made.graph.ids],
        }
    )
    frame.to_csv(folder / "nodes.csv", index=False)
    edges = pd.DataFrame({"source": made.graph.edges[0], "target": made.graph.edges[1]}).map(lambda each: f"n{each}")
    edges.to_csv(folder / "edges.csv", index=False)
    return frame, edges


def settings(folder, **options) -> Settings:
    graph = {"edges": str(folder / "edges.csv"), **options}
    return Settings(
        data=str(folder / "nodes.csv"), target="label", inputs={"node": {"Graph": graph}}, split={"Stratified": {}}
    )


def test_nodes_with_a_target_are_rows_and_the_others_stay_in_the_graph(tmp_path) -> None:
    frame, edges = tables(tmp_path)
    prepared = prepare(tmp_path / "nodes.csv", settings(tmp_path))
    rows = [row["node"] for side in ("train", "validation", "test") for row in prepared.rows(side)]
    assert len(rows) == 60
    assert {str(each) for each in rows} == set(frame["node"][frame["label"].notna()])
    assert rows[0].graph.num_nodes == len(frame)
    assert rows[0].graph.num_edges == len(edges)
    known = dict(zip(frame["node"], frame["label"], strict=True))
    assert [known[each] for each in prepared.ids("test")] == prepared.targets_of("test")
    assert prepared.inference["colour"].role == "input"
    assert prepared.inference.task == "Classification"
    assert not any(name.startswith("label") for name in rows[0].graph.names)


def test_loops_repetitions_and_isolated_nodes_are_told(tmp_path) -> None:
    frame, edges = tables(tmp_path)
    loop = pd.DataFrame({"source": ["n0", "n1"], "target": ["n0", "n0"]})
    pd.concat([edges, loop]).to_csv(tmp_path / "edges.csv", index=False)
    alone = pd.DataFrame({"node": ["alone"], "colour": ["red"], "shape": ["star"], "label": ["star"]})
    pd.concat([frame, alone]).to_csv(tmp_path / "nodes.csv", index=False)
    found = {each.name: each for each in prepare(tmp_path / "nodes.csv", settings(tmp_path)).findings}
    assert found["loops"].count == 1
    assert found["repeated edges"].count == 1
    assert found["isolated nodes"].rows == ("alone",)


def test_settings_that_do_not_fit_are_an_error(tmp_path) -> None:
    tables(tmp_path)
    with pytest.raises(ConfigError, match="no edge table was named"):
        prepare(tmp_path / "nodes.csv", settings(tmp_path, edges=None))
    both = Settings(target="label", inputs={"node": {"Graph": {}}, "colour": "Text"})
    with pytest.raises(ConfigError, match="a graph is read alone"):
        prepare(tmp_path / "nodes.csv", both)


def test_a_dangling_edge_stops_the_run_before_training(tmp_path) -> None:
    _, edges = tables(tmp_path)
    pd.concat([edges, pd.DataFrame({"source": ["nobody"], "target": ["n0"]})]).to_csv(
        tmp_path / "edges.csv", index=False
    )
    with pytest.raises(DataError, match=f"(?s)'nobody', which is not in the node table.*row {len(edges) + 1}"):
        salience.fit(
            tmp_path / "nodes.csv",
            target="label",
            inputs=dict(settings(tmp_path).modalities),
            out=tmp_path / "runs",
        )
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_run_on_a_graph_leaves_everything_and_can_be_put_to_the_test(tmp_path) -> None:
    tables(tmp_path, nodes=400)
    run = salience.fit(
        tmp_path / "nodes.csv",
        target="label",
        inputs=dict(settings(tmp_path).modalities),
        split={"Stratified": {}},
        model=MODEL,
        train={"epochs": 16, "learning_rate": 1e-2, "batch_size": 16, "patience": 0, "drop_units": 0.0},
        explain=8,
        out=tmp_path / "runs",
    )
    assert run.metrics["test"]["accuracy"]["value"] > 0.8
    frame = pd.read_parquet(run.folder / "importance.parquet")
    assert set(frame.columns) >= {"row", "id", "source", "target", "number", "added", "score"}
    np.testing.assert_allclose(frame.groupby("row")["score"].sum(), 1, rtol=1e-6)
    assert (frame["id"].notna() ^ frame["source"].notna()).all()
    assert "chart graph" in (run.folder / "report.html").read_text(encoding="utf-8")
    cell = prepare(tmp_path / "nodes.csv", settings(tmp_path)).rows("test")[0]
    loaded = salience.load(run.folder)
    kinds = {type(unit.place) for unit in loaded.predict([cell]).units[0]}
    assert kinds == {Node, Edge}
    trust = loaded.trust(count=8)
    assert trust.num_rows == 8
    assert {each.name for each in trust.outcomes} >= {"needed", "right_parts", "honest", "learned", "stable"}
