"""A graph column: units are the user's nodes and edges, and a part of a graph answers as the whole does."""

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.core.batch import Example
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.place import Edge, Node
from salience.data.graph import Graph as Store
from salience.data.graph_features import BARE, BLANK
from salience.data.modalities import Graph
from salience.evaluation.importance import Received, Rollout
from salience.pipeline import Pipeline

IDS = ["ann", "bob", "cid", "dan", "eve"]
#: A loop of the user's, an edge that stands there twice, two directions of one pair; eve has no edge.
EDGES = np.array([[1, 0, 0, 2, 1, 3], [1, 1, 1, 1, 2, 2]])
FEATURES = np.array([[1.0, 0, 2], [0, 1, 1], [2, 0, 0], [0, 3, 1], [1, 1, 0]])


def store(**options) -> Store:
    return Store(**{"ids": IDS, "features": FEATURES, "edges": EDGES, **options})


def fitted(graph: Store, **options) -> Graph:
    return Graph(**options).fit(graph.at(IDS))


def texts(modality: Graph, example: Example) -> list[str]:
    return [unit.text for unit in modality.units(example, "person")]


def test_units_are_nodes_then_edges_of_the_table_then_added_loops() -> None:
    graph = store()
    modality = fitted(graph)
    example = modality.encode(graph.at(["bob"])[0])
    assert texts(modality, example) == [
        *("bob", "ann", "cid", "dan"),
        *("bob -> bob", "ann -> bob", "ann -> bob", "cid -> bob", "bob -> cid", "dan -> cid"),
        *("ann -> ann (added)", "cid -> cid (added)"),
    ]
    places = [unit.place for unit in modality.units(example, "person")]
    assert places[:2] == [Node("bob"), Node("ann")]
    assert places[4:7] == [Edge("bob", "bob", 0), Edge("ann", "bob", 1), Edge("ann", "bob", 2)]
    assert places[-1] == Edge("cid", "cid", None, added=True)


def test_an_edge_without_direction_is_one_unit_of_two_messages() -> None:
    graph = store(directed=False)
    modality = fitted(graph, hops=3, self_loops=False)
    example = modality.encode(graph.at(["bob"])[0])
    assert example.links is not None
    _, counts = np.unique(example.links.owner, return_counts=True)
    assert texts(modality, example)[4:] == [
        *("bob - bob", "ann - bob", "ann - bob", "cid - bob", "bob - cid", "dan - cid")
    ]
    assert counts.tolist() == [1, 2, 2, 2, 2, 2]


def test_an_isolated_node_has_itself_and_its_loop() -> None:
    graph = store()
    assert texts(fitted(graph), fitted(graph).encode(graph.at(["eve"])[0])) == ["eve", "eve -> eve (added)"]
    assert texts(fitted(graph, self_loops=False), fitted(graph).encode(graph.at(["eve"])[0]))[:1] == ["eve"]


def test_encoding_takes_no_memory_until_something_is_looked_at() -> None:
    graph = store()
    example = fitted(graph).encode(graph.at(["bob"])[0])
    assert set(vars(example)) <= {"_make"}
    assert len(example) == 4
    assert "_cut" in vars(example)


def test_without_a_node_its_edges_are_gone_and_the_other_units_stay() -> None:
    graph = store()
    modality = fitted(graph)
    example = modality.encode(graph.at(["bob"])[0])
    left = modality.without(example, {2})
    assert left.values.tolist() == [1, 0, 3]
    assert texts(modality, left) == [text for i, text in enumerate(texts(modality, example)) if i != 2]
    assert left.links is not None
    ends = {(left.values[source], left.values[target]) for source, target in left.links.edges.T}
    assert ends == {(1, 1), (0, 1), (0, 0)}


def test_the_asked_node_stays_without_features() -> None:
    graph = store()
    modality = fitted(graph)
    left = modality.without(modality.encode(graph.at(["bob"])[0]), {0})
    assert left.values.tolist() == [BARE, 0, 2, 3]
    assert left.owner.tolist() == [-1, 0, 1, 2]
    assert (modality.collate([left]).values[0, 0] == 0).all()
    assert left.links is not None
    assert left.links.edges.shape[1] == 8


def test_without_an_edge_only_that_edge_is_cut() -> None:
    graph = store()
    modality = fitted(graph)
    example = modality.encode(graph.at(["bob"])[0])
    left = modality.without(example, {5})
    assert left.links is not None
    assert example.links is not None
    assert left.values.tolist() == example.values.tolist()
    assert left.links.edges.shape[1] == example.links.edges.shape[1] - 1
    assert texts(modality, left).count("ann -> bob") == 1


def test_without_everything_is_as_a_missing_cell() -> None:
    graph = store()
    modality = fitted(graph)
    example = modality.encode(graph.at(["bob"])[0])
    nothing, missing = modality.without(example, range(len(example.places))), modality.encode(None)
    for name in ("values", "places", "owner"):
        np.testing.assert_array_equal(getattr(nothing, name), getattr(missing, name))
    assert modality.units(missing, "person") == []
    assert modality.stem(7)(modality.collate([missing])).isfinite().all()


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_without_twice_is_without_both(data) -> None:
    graph = store(directed=data.draw(st.booleans()))
    modality = fitted(graph)
    example = modality.encode(graph.at([data.draw(st.sampled_from(IDS[:3]))])[0])
    order = data.draw(st.permutations(range(len(example.places))))
    first, second = order[: len(order) // 3], order[len(order) // 3 : len(order) // 2]
    left = [n for n in range(len(order)) if n not in first]
    twice = modality.without(modality.without(example, first), [left.index(n) for n in second])
    once = modality.without(example, [*first, *second])
    assert once.links is not None
    assert twice.links is not None
    for name in ("values", "places", "owner"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(once, name))
    np.testing.assert_array_equal(twice.links.edges, once.links.edges)
    np.testing.assert_array_equal(twice.links.owner, once.links.owner)


def test_a_unit_that_is_not_there_cannot_be_removed() -> None:
    graph = store()
    modality = fitted(graph)
    example = modality.encode(graph.at(["eve"])[0])
    for change in (modality.without, modality.blank):
        with pytest.raises(DataError, match="expected units from 0 to 1, got 2 to 2"):
            change(example, [2])


@pytest.mark.parametrize("sparse", [False, True])
def test_a_blank_node_has_the_mean_of_training_nodes_and_a_blank_edge_comes_from_one(sparse) -> None:
    graph = store(features=scipy.sparse.csr_array(FEATURES) if sparse else FEATURES)
    modality = fitted(graph, scale="none")
    example = modality.encode(graph.at(["bob"])[0])
    blank = modality.blank(example, {1, 7})
    assert blank.values.tolist() == [1, BLANK, 2, 3, BLANK]
    assert texts(modality, blank) == texts(modality, example)
    values = modality.collate([blank]).values
    values = values.to_dense() if sparse else values
    for place in (1, 4):
        np.testing.assert_allclose(values[0, place].numpy(), FEATURES.mean(0), rtol=1e-6)
    assert blank.links is not None
    assert blank.links.edges[:, blank.links.owner == 7].tolist() == [[4], [0]]


def test_features_are_standardised_by_training_nodes_alone() -> None:
    graph = store()
    modality = Graph().fit(graph.at(IDS[:3]))
    values = modality.collate([modality.encode(cell) for cell in graph.at(IDS[:3])]).values[:, 0].double()
    np.testing.assert_allclose(values.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(values.std(0, correction=0), 1, rtol=1e-6)


def test_sparse_features_are_shares_and_give_what_dense_ones_give() -> None:
    dense, sparse = store(), store(features=scipy.sparse.csr_array(FEATURES))
    read = [fitted(each, scale="rows") for each in (dense, sparse)]
    streams = [
        modality.collate([modality.encode(cell) for cell in graph.at(IDS)])
        for modality, graph in zip(read, (dense, sparse), strict=True)
    ]
    torch.testing.assert_close(streams[0].values, streams[1].values.to_dense())
    stems = [modality.stem(7) for modality in read]
    stems[1].load_state_dict(stems[0].state_dict())
    torch.testing.assert_close(stems[0](streams[0]), stems[1](streams[1]))


def pipeline(graph: Store, **options) -> Pipeline:
    stack = {"GraphStack": {"attention": {"GAT": {"heads": 2}}}}
    model = {"width": 8, "encoder": stack, "pool": "AtNode", "dropout": 0.0}
    made = Pipeline({"person": {"Graph": options}}, "Classification", model=model)
    return made.learn([{"person": cell} for cell in graph.at(IDS)], ["x", "y", "x", "y", "x"])


@pytest.mark.parametrize("options", [{}, {"fan_out": 2}, {"self_loops": False}])
@pytest.mark.parametrize("directed", [True, False])
def test_all_nodes_at_once_answer_as_each_alone(options, directed) -> None:
    graph = store(directed=directed)
    made = pipeline(graph, **options)
    examples = made.encode(graph.at(IDS))
    assert made.modalities["person"].unite([row["person"] for row in examples]) is not None
    alone = torch.cat([output.raw for row in examples for _, _, output in made.outputs([row])])
    torch.testing.assert_close(made.raw(examples), alone)


def test_altered_examples_are_not_united() -> None:
    graph = store()
    modality = fitted(graph)
    whole = modality.encode(graph.at(["bob"])[0])
    assert modality.unite([whole, modality.without(whole, {1})]) is None
    other = modality.encode(store().at(["bob"])[0])
    assert modality.unite([whole, other]) is None


def test_dropping_leaves_asked_nodes_and_is_a_matter_of_chance_alone() -> None:
    graph = store()
    modality = fitted(graph)
    examples = [modality.encode(cell) for cell in graph.at(["bob", "cid"])]
    draws = [modality.unite(examples, drop=0.5, chance=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    edges = [each.layout.edges.tolist() for each in draws]
    assert edges[0] == edges[1]
    assert len(edges[0][0]) < modality.unite(examples).layout.edges.shape[1]


def test_a_saved_pipeline_answers_the_same(tmp_path) -> None:
    graph = store()
    made = pipeline(graph)
    loaded = Pipeline.load(made.save(tmp_path / "model"))
    assert torch.equal(loaded.raw(loaded.encode(graph.at(IDS))), made.raw(made.encode(graph.at(IDS))))


def test_pairs_and_whole_graphs_are_cells_as_well() -> None:
    graph = store()
    pairs = Graph().fit(graph.between([("ann", "bob"), ("cid", "cid")]))
    streams = pairs.collate([pairs.encode(cell) for cell in graph.between([("bob", "dan"), ("cid", "cid")])])
    assert streams.layout.asked.tolist() == [[0, 1], [4, 4]]
    whole = Graph().fit([graph])
    example = whole.encode(graph)
    assert example.values.tolist() == [0, 1, 2, 3, 4]
    assert whole.collate([example]).layout.asked is None
    assert whole.gives == frozenset({"edges"})
    assert pairs.gives == frozenset({"edges", "asked"})


def test_an_edge_between_a_pair_is_not_there_to_look_along() -> None:
    graph = store()
    pairs = graph.between([("ann", "bob"), ("bob", "cid"), ("bob", "bob")])
    modality = Graph(hops=1).fit(pairs)
    # ann -> bob stands there twice, bob and cid are joined in both directions, and bob has a loop of his own.
    seen = [set(texts(modality, modality.encode(cell))) for cell in pairs]
    assert not seen[0] & {"ann -> bob"}
    assert {"bob -> bob", "cid -> bob"} <= seen[0]
    assert not seen[1] & {"bob -> cid", "cid -> bob"}
    assert {"ann -> bob", "dan -> cid"} <= seen[1]
    assert "bob -> bob" not in seen[2]
    assert "bob -> bob (added)" in seen[2]


def test_pairs_with_an_edge_are_answered_alike_alone_and_together() -> None:
    graph = store()
    stack = {"GraphStack": {"attention": {"GAT": {"heads": 2}}}}
    model = {"width": 8, "encoder": stack, "pool": "AtPair", "dropout": 0.0}
    made = Pipeline({"pair": {"Graph": {}}}, "Classification", model=model)
    pairs = graph.between([("ann", "bob"), ("ann", "eve"), ("bob", "cid"), ("dan", "eve")])
    examples = made.learn([{"pair": cell} for cell in pairs], ["x", "y", "x", "y"]).encode(pairs)
    alone = torch.cat([output.raw for row in examples for _, _, output in made.outputs([row])])
    torch.testing.assert_close(made.raw(examples), alone)


ALONG = np.array([[1.0, 0], [3, 1], [5, 0], [7, 1], [9, 0], [11, 1]])


def along(graph: Store, modality: Graph, example: Example) -> dict[str, list[float]]:
    layout = modality.collate([example]).layout
    owner = example.links.owner.tolist()
    return {texts(modality, example)[unit]: row for unit, row in zip(owner, layout.edge_features.tolist(), strict=True)}


def test_features_of_edges_are_standardised_and_travel_with_their_edges() -> None:
    graph = store(edge_features=ALONG)
    modality = fitted(graph)
    assert modality.edge_numbers == 2
    assert modality.gives == frozenset({"edges", "asked", "edge_features"})
    scaled = (ALONG - ALONG.mean(0)) / ALONG.std(0)
    example = modality.encode(graph.at(["bob"])[0])
    found = along(graph, modality, example)
    np.testing.assert_allclose(found["cid -> bob"], scaled[3], rtol=1e-6)
    np.testing.assert_allclose(found["dan -> cid"], scaled[5], rtol=1e-6)
    # A loop that was added is as the average edge.
    np.testing.assert_allclose(found["ann -> ann (added)"], 0, atol=1e-7)
    removed = [texts(modality, example).index("cid -> bob")]
    assert "cid -> bob" not in along(graph, modality, modality.without(example, removed))
    blank = along(graph, modality, modality.blank(example, removed))
    np.testing.assert_allclose(blank["cid -> bob"], 0, atol=1e-7)
    np.testing.assert_allclose(blank["dan -> cid"], scaled[5], rtol=1e-6)


def test_features_of_edges_without_direction_are_those_of_both_messages() -> None:
    graph = store(edge_features=ALONG, directed=False)
    modality = fitted(graph, hops=1, scale="none")
    layout = modality.collate([modality.encode(graph.at(["cid"])[0])]).layout
    assert sorted(layout.edge_features[:, 0].tolist()) == pytest.approx(sorted([7, 9, 11, ALONG[:, 0].mean()]))


@pytest.mark.parametrize("options", [{}, {"fan_out": 2}])
def test_all_nodes_at_once_answer_as_each_alone_with_features_of_edges(options) -> None:
    graph = store(edge_features=ALONG)
    stack = {"GraphStack": {"attention": {"GATv2": {"heads": 2}}}}
    model = {"width": 8, "encoder": stack, "pool": "AtNode", "dropout": 0.0}
    made = Pipeline({"person": {"Graph": options}}, "Classification", model=model)
    made.learn([{"person": cell} for cell in graph.at(IDS)], ["x", "y", "x", "y", "x"])
    examples = made.encode(graph.at(IDS))
    alone = torch.cat([output.raw for row in examples for _, _, output in made.outputs([row])])
    torch.testing.assert_close(made.raw(examples), alone)
    nothing = made.encode([None])
    assert made.raw(nothing).isfinite().all()


def test_encoders_that_do_not_read_features_of_edges_say_so() -> None:
    graph = store(edge_features=ALONG)
    made = Pipeline({"person": "Graph"}, "Classification", model={"encoder": "Identity", "pool": "AtNode"})
    with pytest.raises(ConfigError, match=r"(?s)Identity does not read the features of edges.*GraphStack"):
        made.learn([{"person": cell} for cell in graph.at(IDS)], ["x", "y", "x", "y", "x"])


def test_broken_features_of_edges_are_errors() -> None:
    with pytest.raises(DataError, match=r"a row of features for each of 6 edges, got the shape \(2, 1\)"):
        store(edge_features=np.ones((2, 1)))
    with pytest.raises(DataError, match=r"(?s)a feature is missing or infinite.*edge 3"):
        store(edge_features=np.where(np.arange(6)[:, None] == 2, np.nan, ALONG))
    modality = fitted(store(edge_features=ALONG))
    with pytest.raises(DataError, match="the edges of the graph have 0 features; in training they had 2"):
        modality.encode(store().at(["bob"])[0])


def test_kinds_of_edges_travel_with_them() -> None:
    graph = store(kinds=np.array([0, 1, 1, 0, 0, 1]), kind_names=("friend", "boss"))
    modality = fitted(graph)
    layout = modality.collate([modality.encode(graph.at(["cid"])[0])]).layout
    found = dict(zip(map(tuple, layout.edges.T.tolist()), layout.kinds.tolist(), strict=True))
    # cid hears bob as a friend and dan as a boss; loops that were added are of a third kind.
    assert found[1, 0] == 0
    assert found[2, 0] == 1
    assert found[0, 0] == 2
    assert modality.kinds == 3


def test_what_is_no_node_is_an_error() -> None:
    graph = store()
    modality = fitted(graph)
    with pytest.raises(DataError, match=r"(?s)expected a node, a pair or a graph, got str \('bob'\).*graph.at"):
        modality.encode("bob")
    with pytest.raises(DataError, match="expected a node, as in training, got PairView"):
        modality.encode(graph.between([("ann", "bob")])[0])
    with pytest.raises(DataError, match="have 1 features; in training they had 3"):
        modality.encode(store(features=np.ones((5, 1))).at(["bob"])[0])
    with pytest.raises(DataError, match=r"edges are of the kinds \['friend'\]; in training they were of \[\]"):
        modality.encode(store(kinds=np.zeros(6, dtype=int), kind_names=("friend",)).at(["bob"])[0])
    with pytest.raises(DataError, match="must be of one kind, got Graph, NodeView"):
        Graph().fit([graph, graph.at(["bob"])[0]])
    with pytest.raises(NotAvailable, match="has not been fitted"):
        Graph().encode(graph.at(["bob"])[0])


@pytest.mark.parametrize(
    "options", [{"hops": -1}, {"fan_out": 0}, {"drop_features": 1.0}, {"scale": "log"}, {"rows": "edges"}]
)
def test_an_option_out_of_its_range_is_an_error(options) -> None:
    with pytest.raises(ConfigError, match=r"hops must be 0 or more|no scale 'log'|rows of a graph are no 'edges'"):
        Graph(**options)


def planted(count: int, *, seed: int) -> tuple[list[Store], list[str]]:
    """Graphs of 5 to 9 nodes; one node is marked, and the sign of its other feature is the class."""
    chance = np.random.default_rng(seed)
    graphs, labels = [], []
    for _ in range(count):
        size = int(chance.integers(5, 10))
        features = chance.choice([-1.0, 1.0], size=(size, 2)) * [1, 0]
        marked = int(chance.integers(size))
        features[marked, 1] = 1
        labels.append("plus" if features[marked, 0] > 0 else "minus")
        edges = np.stack([np.arange(size - 1), np.arange(1, size)])
        graphs.append(Store(list(range(size)), features, edges, directed=False))
    return graphs, labels


def test_whole_graphs_are_classified_and_explained() -> None:
    graphs, labels = planted(120, seed=0)
    stack = {"GraphStack": {"layers": 1, "attention": {"GAT": {"heads": 2}}, "residual": True}}
    model = {"width": 16, "encoder": stack, "pool": "Additive", "dropout": 0.0}
    made = Pipeline({"graph": {"Graph": {"scale": "none"}}}, "Classification", model=model)
    made.learn([{"graph": graph} for graph in graphs], labels)
    batch = made.collate(made.encode(graphs), made.task.encode(labels))
    optimizer = torch.optim.Adam(made.model.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        made.task.loss(made.model(batch).raw, batch.target).backward()
        optimizer.step()
    unseen, expected = planted(41, seed=1)
    said = [answer.prediction for answer in made.predict(unseen)]
    assert np.mean([a == b for a, b in zip(said, expected, strict=True)]) > 0.9
    heats = Rollout()(made, unseen[:3])
    for graph, each in zip(unseen, heats, strict=False):
        assert len(each) == graph.num_nodes + graph.num_edges + graph.num_nodes
        assert sum(heat.score for heat in each) == pytest.approx(1)


def test_nodes_of_another_graph_are_answered_as_well() -> None:
    made = pipeline(store())
    other = Store(["x", "y"], FEATURES[:2], np.array([[0], [1]]))
    assert len(made.predict(other.at(["x", "y"]))) == 2
    # Nodes of two graphs in one call, which cannot be read together.
    assert len(made.predict([*other.at(["x"]), *store().at(["bob"])])) == 2


def test_shares_of_nodes_and_of_edges_are_a_half_each() -> None:
    graph = store()
    made = pipeline(graph)
    for heats in Received()(made, graph.at(IDS)):
        nodes = sum(heat.score for heat in heats if isinstance(heat.unit.place, Node))
        edges = sum(heat.score for heat in heats if isinstance(heat.unit.place, Edge))
        assert (nodes, edges) == (pytest.approx(0.5), pytest.approx(0.5))
