"""Records of networks beside their plain definitions."""

from __future__ import annotations

import torch

from salience.core.batch import Layout
from salience.core.record import Dense
from salience.models.networks.contributions import Contributions
from salience.models.networks.some_queries import SomeQueries
from salience.models.networks.within_variables import WithinVariables

B, V, P, H, T, S = 2, 3, 5, 2, 7, 11


def dense(batch: int, queries: int, sources: int) -> Dense:
    weights = torch.randn(batch, H, queries, sources, dtype=torch.float64).softmax(-1)
    return Dense(weights, torch.full((batch,), queries))


def test_contributions_are_shares_of_absolute_parts() -> None:
    sizes = torch.tensor([[[1.0, 3.0, 9.0], [0.0, 0.0, 9.0]]])
    record = Contributions(lambda index: sizes[:, index], queries=2, layout=Layout(torch.tensor([2]), 3))
    # The last position is padding; where nothing contributes, the others share equally.
    torch.testing.assert_close(record.weights()[0, 0], torch.tensor([[0.25, 0.75, 0.0], [0.5, 0.5, 0.0]]))


def test_contributions_of_an_empty_window_are_zero() -> None:
    record = Contributions(lambda index: torch.ones(1, len(index), 3), queries=2, layout=Layout(torch.tensor([0]), 3))
    assert (record.weights() == 0).all()
    assert record.asked.tolist() == [0]


def test_some_queries_are_rows_of_the_whole() -> None:
    whole = dense(B, T, S)
    some = SomeQueries(whole, [4, 0, 4])
    assert some.shape == (B, H, 3, S)
    assert torch.equal(some.weights(), whole.weights()[:, :, [4, 0, 4]])
    asking = torch.rand(B, 3, dtype=torch.float64)
    torch.testing.assert_close(some.received(asking), torch.einsum("bhts,bt->bhs", some.weights(), asking))


def test_variables_have_weight_in_their_own_rows_only() -> None:
    inner = dense(B * V, P, P)
    record = WithinVariables(inner, Layout(torch.full((B,), V * P), V * P))
    weights = record.weights()
    expected = torch.stack([
        torch.stack([torch.block_diag(*inner.weights()[b * V : (b + 1) * V, h]) for h in range(H)]) for b in range(B)
    ])  # fmt: skip
    assert torch.equal(weights, expected)
