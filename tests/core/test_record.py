"""Records: statistics of weights known by hand, then for any weights, in blocks of any size."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core import record as module
from salience.core.errors import NotAvailable
from salience.core.record import Dense

B, H, T, S = 3, 2, 5, 7
ASKED = (5, 2, 0)


def random_record(seed: int = 0, dtype: torch.dtype = torch.float64) -> Dense:
    weights = torch.rand(B, H, T, S, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).softmax(-1)
    asked = torch.tensor(ASKED)
    real = torch.arange(T) < asked[:, None]
    return Dense((weights * real[:, None, :, None]).to(dtype), asked)


def by_hand() -> Dense:
    """Two real queries and a padded one: all on the second source, half and half, nothing."""
    return Dense(torch.tensor([[[[0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]]]), torch.tensor([2]))


def test_received_is_the_mean_over_real_queries():
    assert by_hand().received().tolist() == [[[0.25, 0.75, 0.0]]]


def test_received_takes_the_weights_of_queries():
    assert by_hand().received(torch.tensor([[3.0, 2.0, 9.0]])).tolist() == [[[1.0, 4.0, 0.0]]]


def test_entropy_is_zero_on_one_source_and_ln_2_on_two_equal_ones():
    torch.testing.assert_close(by_hand().entropy(), torch.tensor([[[0.0, 0.6931472, 0.0]]]))


def test_top_gives_the_largest_weights_first():
    values, indices = by_hand().top(2)
    assert values[0, 0, 0].tolist() == [1.0, 0.0]
    assert indices[0, 0, 0, 0] == 1


def test_top_gives_what_there_is_when_asked_for_more():
    assert random_record().top(S + 4)[0].shape == (B, H, T, S)


def test_rows_are_rows_of_the_weights():
    record = random_record()
    index = torch.tensor([3, 0, 3])
    assert torch.equal(record.rows(index), record.weights()[:, :, index])


def test_uniform_weights_sum_to_one_over_real_queries_only():
    expected = torch.tensor([[0.2] * 5, [0.5, 0.5, 0.0, 0.0, 0.0], [0.0] * 5])
    torch.testing.assert_close(random_record().uniform(), expected)


def test_received_is_as_exact_as_the_weights():
    record = random_record()
    real = record.weights()[0]
    torch.testing.assert_close(record.received()[0], real.mean(dim=1), rtol=1e-15, atol=1e-16)


def test_statistics_of_half_precision_weights_are_float32():
    record = random_record(dtype=torch.bfloat16)
    exact = Dense(record.weights().double(), record.asked)
    torch.testing.assert_close(record.received(), exact.received().float())
    torch.testing.assert_close(record.entropy(), exact.entropy().float())


def test_autocast_does_not_round_what_was_received():
    record = random_record(dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = record.received()
    assert torch.equal(inside, record.received())


@given(block=st.integers(1, B * H * T * S + 1))
def test_the_size_of_blocks_changes_nothing(block: int):
    record = random_record()
    whole = (record.received(), record.entropy(), *record.top(3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        parts = (record.received(), record.entropy(), *record.top(3))
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-15, atol=1e-16)


def test_the_gradient_of_entropy_is_finite_where_a_weight_is_zero():
    scores = torch.tensor([[[[0.0, 1.0, -1e9]]]], dtype=torch.float64, requires_grad=True)
    Dense(scores.softmax(-1), torch.tensor([1])).entropy().sum().backward()
    # dH/dx_s = -p_s (ln p_s + H)
    p = scores.detach().softmax(-1)
    entropy = -torch.special.xlogy(p, p).sum()
    torch.testing.assert_close(scores.grad, -torch.special.xlogy(p, p) - p * entropy)


def test_the_gradient_of_received_is_the_weight_of_the_query():
    weights = random_record().weights().requires_grad_()
    record = Dense(weights, torch.tensor(ASKED))
    (gradient,) = torch.autograd.grad(record.received().sum(), weights)
    torch.testing.assert_close(gradient, record.uniform(torch.float64)[:, None, :, None].expand(B, H, T, S))


def test_a_record_without_queries_or_sources_answers_with_zeros():
    for queries, sources in ((0, S), (T, 0)):
        record = Dense(torch.zeros(B, H, queries, sources), torch.zeros(B, dtype=torch.long))
        assert record.received().shape == (B, H, sources)
        assert not record.received().any()
        assert record.entropy().shape == (B, H, queries)


def test_large_weights_are_refused_until_asked_twice(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LARGEST", B * H * T * S - 1)
    record = random_record()
    with pytest.raises(NotAvailable, match=r"hold 210 numbers, more than 209[\s\S]*\(3, 2, 5, 7\)[\s\S]*however_large"):
        record.weights()
    assert record.weights(however_large=True).shape == (B, H, T, S)
