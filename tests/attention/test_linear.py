"""What linear attention does beyond the contract: its memory, its chunks, and features of one's own."""

import pytest
import torch
from torch import Tensor

from salience.attention import Linear
from salience.attention.linear import CHUNK, elu_plus_one
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from tests.attention.test_additive import Largest

WIDTH, HEADS = 14, 2


def full(size: int) -> Layout:
    return Layout(torch.tensor([size]), size)


@pytest.mark.parametrize("causal", [False, True])
def test_neither_output_nor_received_makes_the_matrix(causal: bool):
    size = 1009
    mechanism = Linear(WIDTH, heads=HEADS, causal=causal)
    with Largest() as largest, torch.no_grad():
        _, record = mechanism(torch.randn(1, size, WIDTH), layout=full(size))
        received = record.received()
    # Causal sums form the pairs within a chunk.
    assert largest.numel <= HEADS * (size + CHUNK) * (CHUNK if causal else WIDTH)
    assert HEADS * size * size > 10 * largest.numel
    torch.testing.assert_close(received, Attention.received(record), rtol=1e-4, atol=1e-7)
    assert received.sum(dim=-1).tolist() == [[pytest.approx(1, abs=1e-5)] * HEADS]


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_causal_output_is_that_of_the_weights_at_every_length(size: int):
    mechanism = Linear(WIDTH, heads=HEADS, causal=True).double()
    values = torch.randn(1, size, WIDTH, dtype=torch.float64)
    out, record = mechanism(values, layout=full(size))
    weights = record.weights()
    assert not weights.triu(1).any()
    split = mechanism.value(values).unflatten(-1, (HEADS, -1)).transpose(1, 2)
    expected = mechanism.out((weights @ split).transpose(1, 2).flatten(2))
    torch.testing.assert_close(out, expected, rtol=1e-12, atol=1e-13)


def test_a_causal_prefix_does_not_change_when_more_follows():
    mechanism = Linear(WIDTH, heads=HEADS, causal=True).double()
    values = torch.randn(1, CHUNK + 7, WIDTH, dtype=torch.float64)
    out, _ = mechanism(values, layout=full(CHUNK + 7))
    before, _ = mechanism(values[:, :5], layout=full(5))
    torch.testing.assert_close(out[:, :5], before, rtol=1e-12, atol=1e-13)


def test_features_may_be_any_that_are_not_negative():
    def squares(values: Tensor) -> Tensor:
        return torch.cat([values**2, torch.ones_like(values[..., :1])], dim=-1)

    mechanism = Linear(2, heads=1, features=squares)
    for each in (mechanism.query, mechanism.key):
        torch.nn.init.eye_(each.weight)
    _, record = mechanism(torch.tensor([[[1.0, 2.0], [3.0, 0.0]]]), layout=full(2))
    # (1, 4, 1) . (1, 4, 1) = 18 and (1, 4, 1) . (9, 0, 1) = 10.
    assert record.weights()[0, 0, 0].tolist() == pytest.approx([18 / 28, 10 / 28])


def test_features_that_vanish_give_rows_of_zeros():
    mechanism = Linear(WIDTH, heads=HEADS, features=torch.zeros_like)
    out, record = mechanism(torch.randn(1, 3, WIDTH), layout=full(3))
    assert not record.weights().any()
    torch.testing.assert_close(out, mechanism.out.bias.expand(out.shape))


def test_small_features_survive_half_precision():
    low = torch.tensor([-20.0], dtype=torch.bfloat16)
    assert elu_plus_one(low).item() == pytest.approx(torch.exp(low.float()).item(), rel=2**-8)


def test_causal_attention_to_another_sequence_is_an_error():
    values = torch.randn(1, 3, WIDTH)
    with pytest.raises(ConfigError, match="Linear attention mixes positions among themselves"):
        Linear(WIDTH, heads=HEADS, causal=True)(values, values, layout=full(3))


def test_heads_must_divide_the_width():
    with pytest.raises(ConfigError, match=r"a width of 14 cannot be shared by 4 heads\s+where: Linear[\s\S]*multiple"):
        Linear(WIDTH)
