"""What flows along the edges of a graph is conserved, and belongs to the edge it is told of."""

import pytest
import torch
from torch import Tensor, nn

from salience.attention import GAT
from salience.core.batch import Layout
from salience.models.encoders import GraphStack
from salience.models.flow import along_edges, position_weights, rollout
from salience.models.pools import AtNode

EXACT = {"rtol": 1e-10, "atol": 1e-12}


def asked(edges: list[tuple[int, int]], *, nodes: int, about: int, **options) -> tuple:
    """The records of two layers over a graph, and of the pool that reads one of its nodes."""
    torch.manual_seed(0)
    stack = GraphStack(6, attention={"GAT": {"heads": 2}}, **options).double().eval()
    pairs = torch.tensor(edges).T
    layout = Layout(torch.tensor([nodes]), nodes, edges=pairs, asked=torch.tensor([[about]]))
    values = torch.randn(1, nodes, 6, dtype=torch.float64)
    encoded = stack(values, layout)
    return (*encoded.records, AtNode(6)(encoded.values, layout)[1]), stack


def even(stack: GraphStack) -> None:
    """Let every edge of a node have the same weight."""
    for layer in stack.layers:
        assert isinstance(layer, GAT)
        nn.init.zeros_(layer.of_query), nn.init.zeros_(layer.of_source)


PATH = [(0, 1), (1, 2), (0, 0), (1, 1), (2, 2)]


def test_the_flow_along_a_path_by_hand() -> None:
    torch.manual_seed(0)
    stack = GraphStack(6, attention={"GAT": {"heads": 2}}).double().eval()
    even(stack)
    layout = Layout(torch.tensor([3]), 3, edges=torch.tensor(PATH).T, asked=torch.tensor([[2]]))
    encoded = stack(torch.randn(1, 3, 6, dtype=torch.float64), layout)
    records = (*encoded.records, AtNode(6)(encoded.values, layout)[1])
    # Node 2 hears half from itself and half from 1; 1 hears half from itself and half from 0; 0 hears itself.
    torch.testing.assert_close(rollout(records), torch.tensor([[1 / 4, 1 / 2, 1 / 4]]).double(), **EXACT)
    expected = torch.tensor([1 / 8, 3 / 8, 0, 1 / 8, 3 / 8]).double()
    torch.testing.assert_close(along_edges(records), expected, **EXACT)


def test_the_asked_node_is_told_by_what_it_gathered() -> None:
    records, _ = asked(PATH, nodes=3, about=2)
    torch.testing.assert_close(position_weights(records), rollout(records), rtol=0, atol=0)


@pytest.mark.parametrize("about", range(5))
def test_nothing_is_lost_on_the_way(about) -> None:
    edges = [(0, 1), (0, 1), (1, 0), (2, 2), (3, 2), (4, 3), (2, 4), *((i, i) for i in (0, 1, 3, 4))]
    records, _ = asked(edges, nodes=5, about=about)
    along = along_edges(records)
    assert along is not None
    torch.testing.assert_close(along.sum(), torch.tensor(1.0).double(), **EXACT)
    torch.testing.assert_close(rollout(records).sum(), torch.tensor(1.0).double(), **EXACT)


def test_with_residual_connections_half_stays() -> None:
    records, _ = asked(PATH, nodes=3, about=2, residual=True)
    along = along_edges(records)
    assert along is not None
    torch.testing.assert_close(along.sum(), torch.tensor(0.5).double(), **EXACT)
    torch.testing.assert_close(rollout(records).sum(), torch.tensor(1.0).double(), **EXACT)


def test_what_enters_a_node_leaves_it() -> None:
    edges = [(0, 1), (1, 2), (3, 2), (0, 3), (2, 0), *((i, i) for i in range(4))]
    records, _ = asked(edges, nodes=4, about=2)
    first, second, pool = records
    after = pool.received().mean(1).flatten()
    between = second.received(after[None]).mean(1).flatten()
    out = (
        torch.zeros(4)
        .double()
        .index_add(0, torch.tensor(edges).T[0], second.edge_weights().mean(0) * after[torch.tensor(edges).T[1]])
    )
    torch.testing.assert_close(between, out, **EXACT)
    into = (
        torch.zeros(4)
        .double()
        .index_add(0, torch.tensor(edges).T[1], first.edge_weights().mean(0) * between[torch.tensor(edges).T[1]])
    )
    torch.testing.assert_close(between, into, **EXACT)


def test_an_edge_that_stands_twice_has_two_shares() -> None:
    records, _ = asked([(0, 1), (0, 1), (1, 1), (0, 0)], nodes=2, about=1)
    along = along_edges(records)
    assert along is not None
    assert along[0] == along[1] > 0


def direct(stack: GraphStack, values: Tensor, edges: list[tuple[int, int]], about: int) -> list[float]:
    """The weights of the edges to one node in the first layer, written down again, mean over heads."""
    layer = stack.layers[0]
    offered = (values @ layer.source.weight.T).view(-1, 2, 3)
    to = [i for i, (_, target) in enumerate(edges) if target == about]
    scores = torch.stack(
        [
            nn.functional.leaky_relu(
                (offered[edges[i][0]] * layer.of_source).sum(-1) + (offered[about] * layer.of_query).sum(-1), 0.2
            )
            for i in to
        ]
    )
    return scores.softmax(0).mean(1).tolist()


def test_a_loop_of_the_user_does_not_shift_the_other_edges() -> None:
    # The loop stands first; where loops are taken out and put at the end, every later edge gets its neighbour's weight.
    edges = [(0, 0), (1, 0), (2, 0), (1, 1), (2, 2)]
    torch.manual_seed(0)
    stack = GraphStack(6, layers=1, attention={"GAT": {"heads": 2}}).double().eval()
    values = torch.randn(3, 6, dtype=torch.float64)
    layout = Layout(torch.tensor([3]), 3, edges=torch.tensor(edges).T, asked=torch.tensor([[0]]))
    encoded = stack(values[None], layout)
    along = along_edges((*encoded.records, AtNode(6)(encoded.values, layout)[1]))
    assert along is not None
    expected = direct(stack, values, edges, 0)
    assert along[:3].tolist() == pytest.approx(expected, rel=1e-12)
    assert along[3:].tolist() == [0, 0]
    assert len({round(each, 6) for each in expected}) == 3


def test_the_usual_labels_are_wrong_in_that_case_and_ours_are_right() -> None:
    conv = pytest.importorskip("torch_geometric.nn").GATConv
    torch.manual_seed(0)
    theirs = conv(6, 3, heads=2).double().eval()
    stack = GraphStack(6, layers=1, attention={"GAT": {"heads": 2}}).double().eval()
    layer = stack.layers[0]
    with torch.no_grad():
        layer.source.weight.copy_(theirs.lin.weight)
        layer.of_source.copy_(theirs.att_src[0]), layer.of_query.copy_(theirs.att_dst[0])
    edges = [(0, 0), (1, 0), (2, 0)]
    values = torch.randn(3, 6, dtype=torch.float64)
    pairs = torch.tensor(edges).T
    _, (_, alpha) = theirs(values, pairs, return_attention_weights=True)
    # What an explainer makes of it that takes the first weights for those of the user's edges, in their order.
    taken = alpha[: len(edges)].mean(1)
    layout = Layout(torch.tensor([3]), 3, edges=pairs, asked=torch.tensor([[0]]))
    encoded = stack(values[None], layout)
    along = along_edges((*encoded.records, AtNode(6)(encoded.values, layout)[1]))
    expected = torch.tensor(direct(stack, values, edges, 0), dtype=torch.float64)
    torch.testing.assert_close(along, expected, **EXACT)
    torch.testing.assert_close(taken[:2], expected[1:], rtol=1e-6, atol=1e-6)
    assert (taken - expected).abs().max() > 0.01
