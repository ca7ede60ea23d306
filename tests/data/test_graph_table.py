"""Two tables become a graph with the user's own ids and rows, or say what is wrong with them."""

import json

import numpy as np
import pandas as pd
import pytest

from salience.core.errors import DataError
from salience.data.graph_columns import Columns
from salience.data.graph_outside import from_networkx, from_pyg
from salience.data.graph_table import read_graph, read_graphs

NODES = [
    {"paper": 10, "year": 1999, "kind": "book"},
    {"paper": 7, "year": 2003, "kind": "talk"},
    {"paper": 31, "year": None, "kind": "book"},
    {"paper": 2, "year": 2004, "kind": "talk"},
]
EDGES = [{"source": 7, "target": 10}, {"source": 10, "target": 10}, {"source": 7, "target": 10}]


def test_rows_of_both_tables_keep_their_order() -> None:
    graph = read_graph(NODES, EDGES, node="paper")
    assert graph.ids == [10, 7, 31, 2]
    assert graph.edges.tolist() == [[1, 0, 1], [0, 0, 0]]


def test_numbers_and_few_texts_are_features_and_a_missing_number_says_so() -> None:
    graph = read_graph(NODES, EDGES, node="paper", features=["year", "kind"])
    assert graph.names == ("year", "year is missing", "kind is book", "kind is talk")
    assert graph.features.tolist() == [[1999, 0, 1, 0], [2003, 0, 0, 1], [0, 1, 1, 0], [2004, 0, 0, 1]]


def test_what_is_set_aside_is_no_feature() -> None:
    graph = read_graph(NODES, EDGES, node="paper", aside=["year"])
    assert not any("year" in name for name in graph.names)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_files_give_the_same_graph(tmp_path, ending) -> None:
    for name, rows in (("nodes", NODES), ("edges", EDGES)):
        frame = pd.DataFrame(rows)
        path = tmp_path / f"{name}{ending}"
        frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path, index=False)
    graph = read_graph(tmp_path / f"nodes{ending}", tmp_path / f"edges{ending}", node="paper", features=["year"])
    again = read_graph(NODES, EDGES, node="paper", features=["year"])
    assert graph.ids == again.ids
    np.testing.assert_array_equal(graph.edges, again.edges)
    np.testing.assert_array_equal(graph.features, again.features)


def test_ids_of_mixed_type_are_compared_as_texts() -> None:
    nodes = [{"id": "a"}, {"id": 7}, {"id": "007"}]
    graph = read_graph(nodes, [{"source": "7", "target": "a"}, {"source": "007", "target": 7}], node="id")
    assert graph.ids == ["a", "7", "007"]
    assert graph.edges.tolist() == [[1, 2], [0, 1]]


def test_whole_numbers_that_a_gap_made_floats_are_still_ids() -> None:
    edges = pd.DataFrame({"source": [7.0, 10.0], "target": [10, 31]})
    assert read_graph(NODES, edges, node="paper").edges.tolist() == [[1, 0], [0, 2]]


def test_a_graph_may_have_no_edges_and_no_features() -> None:
    graph = read_graph([{"id": "a"}, {"id": "b"}], [], node="id")
    assert graph.num_edges == 0
    assert graph.features.tolist() == [[1.0], [1.0]]


def test_kinds_of_edges_have_their_names() -> None:
    edges = [{**edge, "how": how} for edge, how in zip(EDGES, ("cites", "is", "extends"), strict=True)]
    graph = read_graph(NODES, edges, node="paper", kind="how")
    assert graph.kind_names == ("cites", "extends", "is")
    assert graph.kinds is not None
    assert graph.kinds.tolist() == [0, 2, 1]


def test_a_dangling_edge_is_an_error_with_its_row() -> None:
    with pytest.raises(
        DataError, match=r"(?s)leads to the node 99, which is not in the node table \(1 such rows\).*row 4"
    ):
        read_graph(NODES, [*EDGES, {"source": 99, "target": 10}], node="paper")


def test_a_missing_id_is_an_error_with_its_row() -> None:
    with pytest.raises(DataError, match=r"(?s)an id is missing.*row 2, column 'target'"):
        read_graph(NODES, [EDGES[0], {"source": 7, "target": None}], node="paper")


def test_an_id_that_stands_twice_is_an_error() -> None:
    with pytest.raises(DataError, match="the id 7 stands in the node table more than once"):
        read_graph([*NODES, {"paper": 7}], EDGES, node="paper")


def test_a_missing_column_is_an_error() -> None:
    with pytest.raises(DataError, match="sorce"):
        read_graph(NODES, EDGES, node="paper", source="sorce")


ALONG = [{**edge, "weight": weight, "road": road} for edge, weight, road in zip(EDGES, (1, 2.5, 4), "aba", strict=True)]


def test_columns_of_edges_are_read_where_they_are_named() -> None:
    graph = read_graph(NODES, ALONG, node="paper", edge_features=["weight", "road"])
    assert graph.edge_names == ("weight", "road is a", "road is b")
    assert graph.edge_features.tolist() == [[1, 1, 0], [2.5, 0, 1], [4, 1, 0]]
    assert read_graph(NODES, ALONG, node="paper").edge_features is None


def test_another_table_is_read_with_the_columns_of_the_first() -> None:
    read = {"features": ["year", "kind"], "edge_features": ["weight", "road"], "kind": "road"}
    first = read_graph(NODES, ALONG, node="paper", **read)
    other = [{"paper": 1, "kind": "poem", "year": 1980}, {"paper": 2, "kind": "book", "year": None}]
    edges = [{"source": 1, "target": 2, "weight": "7", "road": "b"}]
    graph = read_graph(other, edges, node="paper", kind="road", columns=first.columns)
    assert graph.names == first.names == ("year", "year is missing", "kind is book", "kind is talk")
    # What was not there in training is none of the values.
    assert graph.features.tolist() == [[1980, 0, 0, 0], [0, 1, 1, 0]]
    assert graph.edge_features.tolist() == [[7, 0, 1]]
    assert graph.kind_names == ("a", "b")
    assert graph.kinds.tolist() == [1]
    assert Columns.from_json(json.loads(json.dumps(first.columns.to_json()))) == first.columns


def test_what_another_table_lacks_is_an_error() -> None:
    first = read_graph(NODES, ALONG, node="paper", features=["kind"], edge_features=["weight"], kind="road")
    edges = [{"source": 7, "target": 10, "weight": 1, "road": "a"}]
    with pytest.raises(DataError, match="there is no column 'kind'"):
        read_graph([{"paper": 7}, {"paper": 10}], edges, node="paper", kind="road", columns=first.columns)
    with pytest.raises(DataError, match="there is no column 'weight'"):
        read_graph(NODES, EDGES, node="paper", columns=first.columns)
    with pytest.raises(DataError, match=r"(?s)expected a number, got 'far', and in training none was.*row 1.*'weight'"):
        read_graph(NODES, [{**edges[0], "weight": "far"}], node="paper", kind="road", columns=first.columns)
    with pytest.raises(DataError, match=r"(?s)of the kind 'c'; in training they were of a, b.*row 1, column 'road'"):
        read_graph(NODES, [{**edges[0], "road": "c"}], node="paper", kind="road", columns=first.columns)


ATOMS = [
    {"graph": "x", "node": 1, "size": 5},
    {"graph": "y", "node": 1, "size": 6},
    {"graph": "x", "node": 2, "size": 7},
]
BONDS = [{"graph": "y", "source": 1, "target": 1}, {"graph": "x", "source": 2, "target": 1}]


def test_tables_of_many_graphs_are_divided_by_their_column() -> None:
    graphs = read_graphs(ATOMS, BONDS, graph="graph", node="node", features=["size"])
    assert [(name, each.ids, each.edges.tolist()) for name, each in graphs.items()] == [
        ("x", [1, 2], [[1], [0]]),
        ("y", [1], [[0], [0]]),
    ]
    assert graphs["x"].features.tolist() == [[5], [7]]
    # Edges keep the rows of the table.
    assert [graphs[name].row_of(0) for name in "xy"] == [1, 0]


def test_only_graphs_of_training_say_how_columns_are_read() -> None:
    atoms = [{**each, "kind": kind} for each, kind in zip(ATOMS, ("c", "o", "n"), strict=True)]
    graphs = read_graphs(atoms, BONDS, graph="graph", node="node", features=["kind"], learned_from=["x"])
    assert graphs["x"].names == ("kind is c", "kind is n")
    assert graphs["y"].features.tolist() == [[0, 0]]


def test_edges_beyond_their_graph_are_errors() -> None:
    with pytest.raises(DataError, match=r"(?s)is in the graph 'z', which has no nodes.*row 3, column 'graph'"):
        read_graphs(ATOMS, [*BONDS, {"graph": "z", "source": 1, "target": 1}], graph="graph", node="node")
    with pytest.raises(DataError, match=r"(?s)the node 2, which is not in the node table in the graph 'y'.*row 3"):
        read_graphs(ATOMS, [*BONDS, {"graph": "y", "source": 2, "target": 1}], graph="graph", node="node")
    with pytest.raises(DataError, match="the id 1 stands in the node table more than once"):
        read_graphs([*ATOMS, ATOMS[0]], BONDS, graph="graph", node="node")


def test_a_graph_of_networkx_keeps_ids_directions_and_loops() -> None:
    networkx = pytest.importorskip("networkx")
    made = networkx.MultiDiGraph()
    made.add_node("a", size=1.0)
    made.add_node("b", size=2)
    made.add_edges_from([("a", "b"), ("a", "b"), ("b", "b")])
    graph = from_networkx(made, features=["size"])
    assert graph.directed
    assert graph.ids == ["a", "b"]
    assert graph.edges.tolist() == [[0, 0, 1], [1, 1, 1]]
    made.add_node("c")
    with pytest.raises(DataError, match=r"(?s)expected a number, got None.*node 'c', attribute 'size'"):
        from_networkx(made, features=["size"])


def test_a_graph_of_torch_geometric_keeps_its_edges() -> None:
    data = pytest.importorskip("torch_geometric.data").Data
    import torch

    pairs = torch.tensor([[0, 0, 2], [0, 1, 1]])
    graph = from_pyg(data(x=torch.ones(3, 2), edge_index=pairs, edge_type=torch.tensor([1, 0, 1])))
    assert graph.edges.tolist() == pairs.tolist()
    assert graph.kinds is not None
    assert graph.kinds.tolist() == [1, 0, 1]
    with pytest.raises(DataError, match="the nodes have no features"):
        from_pyg(data(edge_index=pairs, num_nodes=3))
