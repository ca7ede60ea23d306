"""What multi-head attention does beyond the contract: heads, dropout, and a hook for positions."""

import pytest
import torch
from torch import Tensor, nn

from salience.attention import MultiHead
from salience.core.batch import Layout
from salience.core.errors import ConfigError

B, S, WIDTH = 3, 11, 21
LAYOUT = Layout(torch.tensor([11, 0, 5]), S)


class Turn(nn.Module):
    """Rotary positions (Su et al. 2021) on one pair of channels, with a learned angle per step."""

    def __init__(self) -> None:
        super().__init__()
        self.angle = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

    def forward(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        return self.turn(query), self.turn(key)

    def turn(self, values: Tensor) -> Tensor:
        angle = self.angle * torch.arange(values.shape[2])[:, None]
        one, other = values[..., :1], values[..., 1:2]
        turned = one * angle.cos() - other * angle.sin(), one * angle.sin() + other * angle.cos()
        return torch.cat([*turned, values[..., 2:]], dim=-1)


def test_one_head_without_projections_is_scaled_dot_product_attention():
    mechanism = MultiHead(2, heads=1)
    for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
        nn.init.eye_(each.weight)
    _, record = mechanism(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), layout=Layout(torch.tensor([2]), 2))
    # Scores 5 and 11, divided by sqrt(2): 1 / (1 + exp(-6 / sqrt(2))).
    assert record.weights()[0, 0, 0, 1].item() == pytest.approx(0.98583, abs=5e-6)


@pytest.mark.parametrize("heads", [0, -3, 4])
def test_heads_must_divide_the_width(heads: int):
    with pytest.raises(ConfigError, match=rf"a width of 21 cannot be shared by {heads} heads[\s\S]*multiple"):
        MultiHead(WIDTH, heads=heads)


@pytest.mark.parametrize("shared", [0, 2, 6])
def test_heads_of_keys_must_divide_the_heads(shared: int):
    with pytest.raises(ConfigError, match=rf"3 heads cannot share {shared} heads of keys and values[\s\S]*multi-query"):
        MultiHead(WIDTH, heads=3, kv_heads=shared)


def test_as_many_heads_of_keys_as_heads_change_nothing():
    plain, grouped = (MultiHead(12, heads=4, kv_heads=kv_heads) for kv_heads in (None, 4))
    grouped.load_state_dict(plain.state_dict())
    values, layout = torch.randn(B, S, 12), LAYOUT
    assert torch.equal(plain(values, layout=layout)[0], grouped(values, layout=layout)[0])


def test_grouped_heads_read_the_keys_of_their_group():
    grouped = MultiHead(12, heads=4, kv_heads=2)
    assert grouped.key.weight.shape == grouped.value.weight.shape == (6, 12)
    full = MultiHead(12, heads=4)
    state = dict(grouped.state_dict())
    for name in ("key.weight", "value.weight", "value.bias"):
        state[name] = state[name].unflatten(0, (2, 3)).repeat_interleave(2, dim=0).flatten(0, 1)
    full.load_state_dict(state)
    values = torch.randn(B, S, 12)
    (out, record), (expected, wanted) = grouped(values, layout=LAYOUT), full(values, layout=LAYOUT)
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(record.weights(), wanted.weights())


def test_dropout_acts_on_the_output_in_training_only():
    mechanism = MultiHead(WIDTH, heads=3, dropout=0.5)
    values = torch.randn(B, S, WIDTH)
    out, record = mechanism(values, layout=LAYOUT)
    plain, plain_record = mechanism.eval()(values, layout=LAYOUT)
    out, plain = out[LAYOUT.mask], plain[LAYOUT.mask]
    kept = out != 0
    assert 0.4 < kept.float().mean() < 0.6
    torch.testing.assert_close(out[kept], 2 * plain[kept])
    assert torch.equal(record.weights(), plain_record.weights())


def test_process_heads_changes_what_queries_and_keys_compare():
    torch.manual_seed(1)
    mechanism = MultiHead(WIDTH, heads=3, process_heads=Turn()).double()
    values = torch.randn(1, 1, WIDTH, dtype=torch.float64).expand(1, S, WIDTH)
    _, record = mechanism(values, layout=Layout(torch.tensor([S]), S))
    weights = record.weights()[0]
    # All positions hold the same, so that only the distance is left: odds depend on it alone.
    odds = weights.log() - weights.diagonal(dim1=1, dim2=2).log()[..., None]
    torch.testing.assert_close(odds[:, 1:, 1:], odds[:, :-1, :-1])
    assert odds.abs().max() > 1e-3


def test_the_output_uses_the_processed_heads_too():
    def forget(query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        return query, torch.zeros_like(key)

    mechanism = MultiHead(WIDTH, heads=3, process_heads=forget).double()
    values = torch.randn(1, S, WIDTH, dtype=torch.float64)
    out, record = mechanism(values, layout=Layout(torch.tensor([S]), S))
    torch.testing.assert_close(record.weights(), torch.full((1, 3, S, S), 1 / S, dtype=torch.float64))
    torch.testing.assert_close(out, mechanism.out(mechanism.value(values).mean(dim=1, keepdim=True)).expand(out.shape))


def test_a_module_that_processes_heads_is_trained_and_saved_with_it():
    mechanism = MultiHead(WIDTH, heads=3, process_heads=Turn()).double()
    out, _ = mechanism(torch.randn(B, S, WIDTH, dtype=torch.float64), layout=LAYOUT)
    out[LAYOUT.mask].square().sum().backward()
    assert mechanism.process_heads.angle.grad.abs() > 1e-6
    assert "process_heads.angle" in mechanism.state_dict()


def test_causal_attention_to_another_sequence_is_an_error():
    values = torch.randn(B, S, WIDTH)
    with pytest.raises(ConfigError, match="one sequence, and they have two layouts"):
        MultiHead(WIDTH, heads=3, causal=True)(values, values, layout=LAYOUT)
