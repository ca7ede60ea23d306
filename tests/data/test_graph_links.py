"""Edges that are asked about are nowhere to be seen, and pairs beside them have none."""

import numpy as np
import pytest
import torch

from salience.core.errors import ConfigError, DataError
from salience.core.place import Edge
from salience.data.graph import Graph
from salience.data.graph_links import APART, LINKED, predict_links
from salience.data.modalities import Graph as Modality
from salience.pipeline import Pipeline


def communities(size: int = 41, *, seed: int = 0) -> Graph:
    """Two groups whose members know each other, with features that tell the group; edges repeated and reversed."""
    chance = np.random.default_rng(seed)
    group = np.arange(size) % 2
    edges = [(a, b) for a in range(size) for b in range(a) if group[a] == group[b] and chance.random() < 0.4]
    edges += [(b, a) for a, b in edges[::3]] + edges[::5] + [(3, 3)]
    features = np.eye(2)[group] + 0.1 * chance.normal(size=(size, 2))
    return Graph(list(range(size)), features, np.array(edges).T)


def test_no_edge_that_is_asked_about_is_left_in_either_direction() -> None:
    graph = communities()
    links = predict_links(graph, seed=1)
    left = {frozenset(pair) for pair in links.graph.edges.T.tolist()}
    before = {frozenset(pair) for pair in graph.edges.T.tolist()}
    asked = []
    for side in ("train", "validation", "test"):
        for cell, label in zip(links.cells[side], links.labels[side], strict=True):
            pair = frozenset(cell.asked)
            assert pair not in left
            assert (pair in before) == (label == LINKED)
            assert len(pair) == 2
            asked.append(pair)
        assert links.labels[side].count(LINKED) == links.labels[side].count(APART)
    assert len(set(asked)) == len(asked)
    assert left | {pair for pair in asked if pair in before} == before
    assert frozenset({3}) in left


def test_edges_that_are_left_keep_their_rows_in_the_table() -> None:
    graph = communities()
    left = predict_links(graph).graph
    assert left.num_edges < graph.num_edges
    rows = [left.row_of(edge) for edge in range(left.num_edges)]
    assert graph.edges[:, rows].tolist() == left.edges.tolist()
    cell = left.at([0])[0]
    modality = Modality(hops=1, self_loops=False).fit([cell])
    for unit in modality.units(modality.encode(cell), "node")[3:]:
        if isinstance(unit.place, Edge):
            ends = graph.edges[:, unit.place.number].tolist()
            assert ends == [unit.place.source, unit.place.target]


def test_equal_seeds_divide_alike_and_others_do_not() -> None:
    first, again, other = (predict_links(communities(), seed=seed) for seed in (0, 0, 1))
    pairs = [[cell.asked for cell in each.cells["test"]] for each in (first, again, other)]
    assert pairs[0] == pairs[1] != pairs[2]


def test_links_can_be_learned_and_explained() -> None:
    links = predict_links(communities(), seed=0)
    stack = {"GraphStack": {"layers": 1, "attention": {"GAT": {"heads": 2}}, "residual": True}}
    model = {"width": 8, "encoder": stack, "pool": "AtPair", "dropout": 0.0}
    pipeline = Pipeline({"pair": {"Graph": {"hops": 1}}}, "Classification", model=model)
    rows = {side: [{"pair": cell} for cell in cells] for side, cells in links.cells.items()}
    pipeline.learn(rows["train"], links.labels["train"])
    examples, target = pipeline.encode(rows["train"]), pipeline.task.encode(links.labels["train"])
    optimizer = torch.optim.Adam(pipeline.model.parameters(), lr=0.02)
    for _ in range(60):
        batch = pipeline.united(examples)
        assert batch is not None
        optimizer.zero_grad()
        pipeline.task.loss(pipeline.model(batch).raw, target).backward()
        optimizer.step()
    said = [answer.prediction for answer in pipeline.predict(rows["test"])]
    # Half of the pairs without an edge lie in one group, and nothing tells them from linked ones.
    assert np.mean([a == b for a, b in zip(said, links.labels["test"], strict=True)]) > 0.6


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (1.0, 0.0, 0.0, 0.0), (0.5, 0.5, 0.5, 0.5)])
def test_shares_that_are_none_are_an_error(fractions) -> None:
    with pytest.raises(ConfigError, match="four shares above 0 that sum to 1"):
        predict_links(communities(), fractions=fractions)


def test_too_few_edges_or_pairs_are_an_error() -> None:
    with pytest.raises(DataError, match="2 pairs of nodes have an edge, too few to divide"):
        predict_links(Graph(list(range(5)), np.eye(5), np.array([[0, 1, 1], [1, 2, 0]])))
    size = 11
    every = np.array([(a, b) for a in range(size) for b in range(a)]).T
    with pytest.raises(DataError, match="pairs of nodes without an edge"):
        predict_links(Graph(list(range(size)), np.eye(size), every))
