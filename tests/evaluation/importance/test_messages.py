"""Edges of a graph are scored by how much of their messages arrives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from salience.core.place import Edge
from salience.data import planted_graph
from salience.data.graph import Graph
from salience.evaluation.importance import GradientXInput, IntegratedGradients, completeness_gap
from salience.pipeline import Pipeline

FEATURES = np.array([[3.0, 0.0], [5.0, 1.0], [-1.0, 2.0], [7.0, 7.0]])
# Two edges lead from b to a, one from c; that from d leads to c, which is not asked.
EDGES = np.array([[1, 1, 2, 3], [0, 0, 0, 2]])


def stack(**options) -> dict[str, object]:
    return {"width": 2, "encoder": {"GraphStack": options}, "pool": "AtNode", "dropout": 0.0}


def listening() -> tuple[Pipeline, list[dict[str, object]]]:
    """One layer in which a node hears the mean of what comes to it; the log-odds of "yes" are its first feature."""
    graph = Graph(["a", "b", "c", "d"], FEATURES, EDGES)
    rows = [{"node": cell} for cell in graph.at(["a", "c"])]
    pipeline = Pipeline(
        {"node": {"Graph": {"hops": 1, "self_loops": False, "scale": "none"}}},
        "Classification",
        model=stack(layers=1, attention={"GAT": {"heads": 1}}),
    )
    pipeline.learn(rows, ["no", "yes"])
    layer = pipeline.model.encoders[0].layers[0]
    with torch.no_grad():
        for each in (layer.of_query, layer.of_source, *pipeline.model.stems[0].parameters()):
            each.zero_()
        weight = max(pipeline.model.stems[0].parameters(), key=lambda each: each.ndim)
        weight.copy_(torch.eye(*weight.shape))
        nn.init.eye_(layer.source.weight)
        pipeline.model.head.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 0.0]])), pipeline.model.head.bias.zero_()
    pipeline.model.eval()
    return pipeline, rows


def by_edge(heats) -> list[float]:
    return [heat.score for heat in heats if isinstance(heat.unit.place, Edge)]


def test_an_edge_has_what_its_message_adds_by_hand() -> None:
    pipeline, rows = listening()
    first, second = GradientXInput()(pipeline, rows)
    # A third of 5 along each edge from b, and a third of -1 from c; along the only one to c all of 7.
    assert by_edge(first) == pytest.approx([5 / 3, 5 / 3, -1 / 3])
    assert by_edge(second) == pytest.approx([7.0])


def test_integrated_gradients_share_what_arrives_between_nodes_and_edges() -> None:
    pipeline, rows = listening()
    first, _ = IntegratedGradients()(pipeline, rows)
    # What is told and how much of it arrives grow together, so that each has half of the product.
    assert by_edge(first) == pytest.approx([5 / 6, 5 / 6, -1 / 6], abs=1e-5)
    assert sum(heat.score for heat in first) == pytest.approx(3.0, abs=1e-5)


@pytest.mark.parametrize("loops", [True, False])
def test_scores_of_nodes_and_edges_add_up_to_the_change_of_the_answer(loops) -> None:
    made = planted_graph(nodes=8)
    pipeline = Pipeline(
        {"node": {"Graph": {"self_loops": False}}},
        "Classification",
        model={**stack(attention={"GAT": {"heads": 2, "self_loops": loops}}), "width": 8},
    )
    rows = [{"node": cell} for cell in made.cells]
    pipeline.learn(rows, made.labels)
    assert completeness_gap(pipeline, rows, steps=64).max() < 1e-3


def test_a_graph_without_edges_has_none_to_score() -> None:
    pipeline, _ = listening()
    alone = Graph(["a"], FEATURES[:1], np.zeros((2, 0), dtype=int))
    for method in (GradientXInput(), IntegratedGradients()):
        (found,) = method(pipeline, [{"node": alone.at(["a"])[0]}])
        assert [heat.score for heat in found] == [0.0]
