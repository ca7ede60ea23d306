"""Nodes that are told along which edges to listen: own weights give the own answer, others what was worked out."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import NotAvailable
from salience.models import Model
from salience.models.encoders import GraphStack, Identity
from salience.models.incoming import Incoming
from salience.models.intervene import last_look
from salience.models.pools import AtNode, AtPair, Mean

EXACT = {"rtol": 1e-10, "atol": 1e-12}
NODES, WIDTH = 5, 6
# Two graphs of five and of four nodes in one batch: node 5 is the first one of the second graph. An edge stands twice.
EDGES = [(0, 1), (0, 1), (2, 1), (3, 1), (1, 0), (4, 3), (2, 2), (6, 5), (7, 5), (8, 7), (5, 7), (8, 8)]
KINDS = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
MECHANISMS = [
    {"GAT": {"heads": 2}},
    {"GAT": {"heads": 2, "self_loops": True}},
    {"GATv2": {"heads": 2}},
    {"GraphTransformer": {"heads": 2, "self_loops": True}},
    {"Relational": {"heads": 2, "kinds": 2}},
    {"GatedGraph": {"heads": 3}},
]


class Values(nn.Module):
    """A stem that passes on what it is given."""

    def forward(self, stream: Stream) -> torch.Tensor:
        return stream.values


def graphs(edges=EDGES, *, asked=((1,), (5,))) -> Batch:
    layout = Layout(
        torch.tensor([5, 4]),
        NODES,
        edges=torch.tensor(edges).T,
        kinds=torch.tensor(KINDS[: len(edges)]),
        asked=torch.tensor(asked),
    )
    torch.manual_seed(1)
    values = torch.randn(2, NODES, WIDTH, dtype=torch.float64)
    values[1, 4] = torch.nan
    return Batch({"node": Stream(values, layout)})


def model(attention, *, pool=AtNode, layers=2, residual=True) -> Model:
    torch.manual_seed(0)
    stack = GraphStack(WIDTH, attention=attention, layers=layers, residual=residual)
    made = Model({"node": Values()}, {"node": stack}, {"node": pool(WIDTH)}, nn.Linear(WIDTH, 3))
    return made.double().eval()


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("attention", MECHANISMS, ids=str)
def test_the_own_weights_give_the_own_answer(attention, residual) -> None:
    made, batch = model(attention, residual=residual), graphs()
    found = last_look(made, batch)
    assert len(found.looks) == 2
    torch.testing.assert_close(found.told(found.weights), made(batch).raw, **EXACT)


@pytest.mark.parametrize("attention", MECHANISMS, ids=str)
def test_every_layer_changes_the_answer_and_no_message_comes_from_padding(attention) -> None:
    made, batch = model(attention), graphs()
    found = last_look(made, batch)
    own = found.told(found.weights)
    for number, each in enumerate(found.looks):
        other = list(found.weights)
        other[number] = each.equal()
        told = found.told(other)
        assert told.isfinite().all()
        assert (told - own).abs().max() > 1e-6
        assert not each.seen[1, 4].any()
        torch.testing.assert_close(each.equal().sum(-1), each.weights.sum(-1), **EXACT)


def test_pairs_are_told_as_nodes_are() -> None:
    made, batch = model({"GATv2": {"heads": 2}}, pool=AtPair), graphs(asked=((1, 3), (5, 7)))
    found = last_look(made, batch)
    torch.testing.assert_close(found.told(found.weights), made(batch).raw, **EXACT)
    assert (found.looks[0].counts[0] == torch.tensor([0.0, 0.5, 0.0, 0.5, 0.0])).all()


def test_a_node_that_is_told_to_hear_one_neighbour_by_hand() -> None:
    made, batch = model({"GAT": {"heads": 2}}, layers=1, residual=False), graphs()
    with torch.no_grad():
        nn.init.eye_(made.encoders[0].layers[0].source.weight)
        made.head.weight.copy_(torch.eye(3, WIDTH)), made.head.bias.zero_()
    found = last_look(made, batch)
    (look,) = found.looks
    # Node 1 hears 0 along two edges, then 2, then 3; node 5 hears 6 and 7.
    assert look.seen[0].sum(-1).tolist() == [1, 4, 1, 1, 0]
    third = torch.zeros_like(look.weights)
    third[0, :, 1, 2], third[1, :, 0, 1] = 1.0, 1.0
    values = batch.streams["node"].values
    torch.testing.assert_close(found.told([third]), torch.stack([values[0, 2, :3], values[1, 2, :3]]), **EXACT)
    mean = (2 * values[0, 0, :3] + values[0, 2, :3] + values[0, 3, :3]) / 4
    torch.testing.assert_close(found.told([look.equal()])[0], mean, **EXACT)


def test_nodes_count_for_what_they_hold_of_the_answer() -> None:
    found = last_look(model({"GAT": {"heads": 2}}, residual=False), graphs())
    last, first = found.looks
    assert last.counts[0].tolist() == [0, 1, 0, 0, 0]
    held = last.weights[0, :, 1].mean(0)
    torch.testing.assert_close(
        first.counts[0],
        torch.stack([held[0] + held[1], *held.new_zeros(1), held[2], held[3], *held.new_zeros(1)]),
        **EXACT,
    )


def test_a_pool_that_looks_at_nodes_is_told_itself() -> None:
    made, batch = model({"GAT": {"heads": 2}}, pool=Mean), graphs()
    found = last_look(made, batch)
    assert found.weights[0].shape == (2, 1, 1, NODES)
    torch.testing.assert_close(found.told(found.weights), made(batch).raw, **EXACT)


def test_messages_that_are_not_real_have_no_place() -> None:
    layout = Layout(torch.tensor([3]), 3)
    incoming = Incoming(torch.tensor([2, 0, 2, 1]), layout, real=torch.tensor([True, True, True, False]))
    weights = torch.tensor([[0.1], [1.0], [0.9], [7.0]])
    assert incoming.seen.tolist() == [[[True, False], [False, False], [True, True]]]
    torch.testing.assert_close(incoming.apart(weights)[0, 0], torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.1, 0.9]]))
    torch.testing.assert_close(incoming.together(incoming.apart(weights)), torch.tensor([[0.1], [1.0], [0.9], [0.0]]))


def test_a_graph_without_edges_has_nothing_to_choose_from() -> None:
    made, batch = model({"GAT": {"heads": 2}}), graphs()
    layout = batch.streams["node"].layout
    empty = Layout(layout.lengths, NODES, edges=torch.zeros(2, 0, dtype=torch.long), asked=layout.asked)
    batch = Batch({"node": Stream(batch.streams["node"].values, empty)})
    found = last_look(made, batch)
    assert not found.looks[0].seen.any()
    torch.testing.assert_close(found.told([each.equal() for each in found.looks]), made(batch).raw, **EXACT)


def test_who_listens_along_no_edges_cannot_be_told() -> None:
    batch = graphs()
    plain = Model({"node": Values()}, {"node": Identity(WIDTH)}, {"node": AtNode(WIDTH)}, nn.Linear(WIDTH, 3)).double()
    with pytest.raises(NotAvailable, match="Identity cannot be told to look elsewhere, and its pool looks at nothing"):
        last_look(plain, batch)
    made = model({"GAT": {"heads": 2}})
    made.encoders[0].layers[1] = Foreign(made.encoders[0].layers[1])
    with pytest.raises(NotAvailable, match="what Foreign gives is no function of its weights"):
        last_look(made, batch)


class Foreign(nn.Module):
    """A mechanism of others, which cannot mix other weights."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, nodes, *, layout):
        return self.inner(nodes, layout=layout)
