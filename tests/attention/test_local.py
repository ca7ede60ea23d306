"""Options of local attention and of global tokens, and what they are when nothing is far."""

import pytest
import torch

from salience.attention import GlobalTokens, LocalWindow, MultiHead
from salience.core.batch import Layout
from salience.core.errors import ConfigError

S, WIDTH = 37, 21
LAYOUT = Layout(torch.tensor([S, 11]), S)


def test_a_window_is_at_least_one():
    with pytest.raises(ConfigError, match=r"a window of at least 1 position, got 0[\s\S]*raise `window`"):
        LocalWindow(WIDTH, window=0, heads=3)


@pytest.mark.parametrize(("tokens", "window"), [(0, 3), (3, 0)])
def test_tokens_and_their_window_are_at_least_one(tokens: int, window: int):
    with pytest.raises(ConfigError, match=rf"at least 1 position, got {tokens} and {window}[\s\S]*choose LocalWindow"):
        GlobalTokens(WIDTH, tokens=tokens, window=window, heads=3)


@pytest.mark.parametrize("causal", [False, True])
def test_a_window_over_everything_is_multi_head_attention(causal: bool):
    mechanism = LocalWindow(WIDTH, window=S - 1, heads=3, causal=causal)
    full = MultiHead(WIDTH, heads=3, causal=causal)
    full.load_state_dict(mechanism.state_dict())
    values = torch.randn(2, S, WIDTH)
    (out, record), (expected, wanted) = mechanism(values, layout=LAYOUT), full(values, layout=LAYOUT)
    torch.testing.assert_close(out[LAYOUT.mask], expected[LAYOUT.mask])
    torch.testing.assert_close(record.received(), wanted.received())


def test_tokens_carry_news_across_in_two_steps():
    far, near = GlobalTokens(WIDTH, tokens=1, window=1, heads=3), LocalWindow(WIDTH, window=1, heads=3)
    values = torch.randn(1, S, WIDTH, requires_grad=True)
    layout = Layout(torch.tensor([S]), S)
    reached = []
    for mechanism in (far, near):
        out, _ = mechanism(mechanism(values, layout=layout)[0], layout=layout)
        (slope,) = torch.autograd.grad(out[0, -1].sum(), values)
        reached.append(slope[0].abs().sum(-1).count_nonzero().item())
    assert reached == [S, 3]
