"""Weights of positions: by hand, against matrices, and sums that are conserved."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.core.batch import Layout
from salience.core.record import Attention, Dense
from salience.models.flow import position_weights, rollout
from salience.models.groups import Groups, OverGroups


def dense(rows: list[list[float]]) -> Dense:
    return Dense(torch.tensor([[rows]], dtype=torch.float64), torch.tensor([len(rows)]))


POOL = dense([[0.75, 0.25]])
SELF = dense([[1.0, 0.0], [0.5, 0.5]])
WORDS = dense([[0.2, 0.8, 0.0], [0.0, 0.0, 1.0]])


def test_a_pool_alone_is_its_own_weights() -> None:
    assert position_weights([POOL]).tolist() == rollout([POOL]).tolist() == [[0.75, 0.25]]


def test_self_attention_by_hand() -> None:
    assert position_weights([SELF, POOL]).tolist() == [[0.75, 0.25]]
    # [0.75, 0.25] A = [0.875, 0.125], and half of it stays.
    assert rollout([SELF, POOL]).tolist() == [[0.8125, 0.1875]]


def test_groups_by_hand() -> None:
    expected = torch.tensor([[0.15, 0.6, 0.25]], dtype=torch.float64)
    torch.testing.assert_close(position_weights([WORDS, SELF, POOL]), expected)
    rolled = torch.tensor([[0.8125 * 0.2, 0.8125 * 0.8, 0.1875]], dtype=torch.float64)
    torch.testing.assert_close(rollout([WORDS, SELF, POOL]), rolled)


def test_heads_are_averaged() -> None:
    pool = Dense(torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]]), torch.tensor([1]))
    assert position_weights([pool]).tolist() == [[0.5, 0.5]]


def test_as_many_sentences_as_words_are_still_sentences() -> None:
    # The first document has two sentences of one word; the second has one sentence of two words.
    groups = Groups(Layout(torch.tensor([2, 2]), 2, torch.tensor([[0, 1], [0, 0]])))
    words = OverGroups(torch.tensor([[[1.0, 1.0]], [[0.25, 0.75]]]), groups, normalised=True)
    pool = Dense(torch.tensor([[[[0.5, 0.5]]], [[[1.0, 0.0]]]]), torch.tensor([1, 1]))
    for flow in (position_weights, rollout):
        assert flow([words, pool]).tolist() == [[0.5, 0.5], [0.25, 0.75]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(0, 3), st.integers(1, 3))
def test_sums_are_conserved_and_matrices_agree(lengths: list[int], layers: int, heads: int) -> None:
    real = torch.arange(7) < torch.tensor([*lengths, 0])[:, None]
    records: list[Attention] = [random_record(real, real, heads) for _ in range(layers)]
    records.append(random_record(real.any(-1, keepdim=True), real, heads))
    expected = records[-1].weights().mean(1)[:, 0]
    for record in reversed(records[:-1]):
        expected = torch.einsum("bt,bts->bs", expected, (record.weights().mean(1) + torch.eye(7)) / 2)
    rolled = rollout(records)
    torch.testing.assert_close(rolled, expected)
    for flow in (rolled, position_weights(records)):
        torch.testing.assert_close(flow.sum(-1), real.any(-1).double())
        assert (flow[~real] == 0).all()


def random_record(queries: torch.Tensor, sources: torch.Tensor, heads: int) -> Dense:
    weights = torch.rand(len(queries), heads, queries.shape[1], sources.shape[1], dtype=torch.float64) + 0.01
    weights = weights * (queries[:, None, :, None] & sources[:, None, None])
    return Dense(weights / weights.sum(-1, keepdim=True).clamp(min=1e-9), queries.sum(-1))
