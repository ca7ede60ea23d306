"""What attention along edges does beyond the contract: loops, duplicates, wrong edges, and nodes without any edge."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from salience.attention import GAT, GATv2, Relational
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError

WIDTH = 6
BOTH = pytest.mark.parametrize("made", [GAT, GATv2])


def graph(*edges: tuple[int, int], lengths: tuple[int, ...] = (3,), size: int = 3) -> Layout:
    ends = torch.tensor(edges, dtype=torch.long).reshape(-1, 2).T
    return Layout(torch.tensor(lengths), size, edges=ends)


@BOTH
def test_a_node_without_edges_gives_zeros_and_looks_nowhere(made: type[nn.Module]):
    out, record = made(WIDTH, heads=2)(torch.randn(1, 3, WIDTH), layout=graph((0, 1)))
    assert not out[0, 0].any()
    assert not record.weights()[0, :, 0].any()
    assert record.weights()[0, :, 1].tolist() == [[1.0, 0.0, 0.0]] * 2


@BOTH
def test_a_loop_is_added_where_there_is_none_and_told_apart(made: type[nn.Module]):
    layout = graph((0, 1), (1, 1), (0, 2), lengths=(3, 1))
    out, record = made(WIDTH, heads=2, self_loops=True)(torch.randn(2, 3, WIDTH), layout=layout)
    loops = record.loop_weights()
    assert record.edge_weights().shape == (2, 3)
    assert loops[0, :, 0].tolist() == [1.0, 1.0]
    # Node 1 has a loop among its edges and gets no second one; what is padding gets none.
    assert not loops[0, :, 1].any()
    assert not loops[1, :, 1:].any()
    torch.testing.assert_close(loops[0, :, 2], 1 - record.edge_weights()[:, 2])
    torch.testing.assert_close(record.edge_weights()[:, :2].sum(dim=1), torch.ones(2))
    assert out[0, 0].any()


@BOTH
def test_an_edge_given_twice_counts_twice(made: type[nn.Module]):
    mechanism, values = made(WIDTH, heads=2), torch.ones(1, 3, WIDTH)
    _, record = mechanism(values, layout=graph((0, 2), (1, 2), (0, 2)))
    torch.testing.assert_close(record.edge_weights(), torch.full((2, 3), 1 / 3))
    torch.testing.assert_close(record.weights()[0, :, 2], torch.tensor([[2 / 3, 1 / 3, 0.0]] * 2))


@BOTH
def test_the_order_of_edges_changes_the_order_of_their_weights_only(made: type[nn.Module]):
    mechanism, values = made(WIDTH, heads=2).double(), torch.randn(1, 3, WIDTH, dtype=torch.float64)
    edges = [(0, 2), (1, 2), (2, 0), (0, 0)]
    out, record = mechanism(values, layout=graph(*edges))
    other, other_record = mechanism(values, layout=graph(*edges[::-1]))
    torch.testing.assert_close(out, other, rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(record.edge_weights().flip(1), other_record.edge_weights(), rtol=1e-13, atol=1e-15)


def test_only_the_second_version_lets_two_queries_prefer_different_sources():
    # Two sources that point to opposite sides, and two queries that should each choose their own.
    values = torch.tensor([[[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]])
    layout = graph((0, 2), (1, 2), (0, 3), (1, 3), lengths=(4,), size=4)
    generator = torch.Generator().manual_seed(0)
    for made, possible in ((GAT, False), (GATv2, True)):
        found = False
        for _ in range(300):
            mechanism = made(2, heads=1)
            for each in mechanism.parameters():
                nn.init.normal_(each, generator=generator)
            first, second = mechanism(values, layout=layout)[1].edge_weights()[0].view(2, 2)
            found = found or bool((first[0] - first[1]) * (second[0] - second[1]) < -1e-6)
        assert found == possible


@BOTH
def test_a_layout_without_edges_is_an_error(made: type[nn.Module]):
    with pytest.raises(DataError, match=rf"{made.__name__} attention needs the edges[\s\S]*no edges at all are"):
        made(WIDTH, heads=2)(torch.randn(1, 3, WIDTH), layout=Layout(torch.tensor([3]), 3))


@BOTH
@pytest.mark.parametrize("edge", [(0, 3), (2, 1), (1, 2), (0, 6), (-1, 0)])
def test_an_edge_between_examples_or_to_padding_is_an_error(made: type[nn.Module], edge: tuple[int, int]):
    layout = graph((0, 0), edge, lengths=(2, 3))
    with pytest.raises(DataError, match=rf"edge 1 from {edge[0]} to {edge[1]} does not join two real[\s\S]*position"):
        made(WIDTH, heads=2)(torch.randn(2, 3, WIDTH), layout=layout)


@BOTH
@pytest.mark.parametrize("heads", [0, 4])
def test_heads_must_divide_the_width(made: type[nn.Module], heads: int):
    with pytest.raises(ConfigError, match=rf"a width of 6 cannot be shared by {heads} heads[\s\S]*{made.__name__}"):
        made(WIDTH, heads=heads)


def test_a_kind_of_edge_that_is_not_known_is_an_error() -> None:
    layout = replace(graph((1, 0), (2, 0)), kinds=torch.tensor([0, 2]))
    with pytest.raises(DataError, match="an edge is of kind 2, counted from 0, and the mechanism knows 2"):
        Relational(6, heads=2, kinds=2)(torch.randn(1, 3, 6), layout=layout)


def test_kinds_of_edges_are_told_apart() -> None:
    torch.manual_seed(0)
    mechanism = Relational(6, heads=2, kinds=2)
    values = torch.randn(1, 3, 6)
    alike, apart = (
        mechanism(values, layout=replace(graph((1, 0), (2, 0)), kinds=torch.tensor(kinds)))[1].edge_weights()
        for kinds in ([0, 0], [0, 1])
    )
    assert not torch.allclose(alike, apart)
    torch.testing.assert_close(apart.sum(1), torch.ones(2))


def test_no_kind_and_no_share_are_errors() -> None:
    with pytest.raises(ConfigError, match="at least 1 kind of edges, got 0"):
        Relational(6, heads=2, kinds=0)
    with pytest.raises(ConfigError, match="dropout must be at least 0 and below 1, got 1"):
        GAT(6, heads=2, dropout=1.0)


def test_dropout_changes_outputs_in_training_and_never_the_record() -> None:
    torch.manual_seed(0)
    mechanism = GAT(6, heads=2, dropout=0.5)
    values, layout = torch.randn(1, 3, 6), graph((1, 0), (2, 0), (0, 0))
    outputs = [mechanism(values, layout=layout) for _ in range(8)]
    assert len({tuple(out[0, 0].tolist()) for out, _ in outputs}) > 1
    assert all(torch.equal(outputs[0][1].edge_weights(), record.edge_weights()) for _, record in outputs)
