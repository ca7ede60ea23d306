"""Weights on edges: in the user's order, duplicates apart, loops of the model apart, and never a matrix."""

import pytest
import torch

from salience.core.batch import Layout
from salience.core.errors import NotAvailable
from salience.kernels.edges import Edges


def record(*, loops: bool) -> Edges:
    """Two heads. Example 0 of three positions: 2 -> 0, 1 -> 0, 2 -> 0 once more. Example 1: 0 -> 1."""
    layout = Layout(torch.tensor([3, 2]), 3, edges=torch.tensor([[2, 1, 2, 3], [0, 0, 0, 4]]))
    weights = torch.tensor([[0.5, 0.1], [0.25, 0.7], [0.25, 0.2], [1.0, 1.0]])
    own = torch.zeros(2, 3, 2)
    own[0, 1] = torch.tensor([1.0, 0.5])
    return Edges(weights, layout, loops=own if loops else None)


def test_edges_keep_their_order_and_duplicates_their_own_weight():
    for loops in (False, True):
        weights = record(loops=loops).edge_weights()
        torch.testing.assert_close(weights, torch.tensor([[0.5, 0.25, 0.25, 1.0], [0.1, 0.7, 0.2, 1.0]]))


def test_rows_hold_the_sum_of_duplicates():
    weights = record(loops=False).weights()
    torch.testing.assert_close(weights[0, :, 0], torch.tensor([[0.0, 0.25, 0.75], [0.0, 0.7, 0.3]]))
    assert weights[1, :, 1].tolist() == [[1.0, 0.0, 0.0]] * 2
    assert weights.sum() == 4


def test_loops_are_in_the_rows_and_not_among_the_edges():
    both = record(loops=True)
    assert both.loop_weights()[0].tolist() == [[0.0, 1.0, 0.0], [0.0, 0.5, 0.0]]
    assert both.weights()[0, :, 1].tolist() == [[0.0, 1.0, 0.0], [0.0, 0.5, 0.0]]
    assert both.edge_weights().shape == (2, 4)
    torch.testing.assert_close(both.received()[0], torch.tensor([[0.0, 1.25, 0.75], [0.0, 1.2, 0.3]]) / 3)


def test_loops_that_are_not_there_cannot_be_told():
    with pytest.raises(NotAvailable, match=r"no loops besides those among the edges[\s\S]*self_loops=True"):
        record(loops=False).loop_weights()


def test_some_rows_are_found_without_the_others():
    index = torch.tensor([1, 0, 1])
    for loops in (False, True):
        one = record(loops=loops)
        assert torch.equal(one.rows(index), one.weights()[:, :, index])


def test_a_large_graph_is_told_without_a_matrix():
    size, count = 100_000, 300_000
    generator = torch.Generator().manual_seed(0)
    edges = torch.randint(0, size, (2, count), generator=generator)
    weights = torch.rand(count, 1, generator=generator)
    large = Edges(weights, Layout(torch.tensor([size]), size, edges=edges))
    received = large.received(torch.ones(1, size))
    torch.testing.assert_close(received.sum(), weights.sum())
    assert large.entropy().shape == (1, 1, size)
    assert large.top(2)[0].max() <= large.top(1)[0].max()
