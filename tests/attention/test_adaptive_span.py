"""What adaptive span does beyond the contract: spans that are read, priced, and learned."""

import pytest
import torch

from salience.attention import AdaptiveSpan, LocalWindow
from salience.core.batch import Layout
from salience.core.errors import ConfigError

S, WIDTH = 41, 21
LAYOUT = Layout(torch.tensor([S]), S)


@pytest.mark.parametrize(("window", "ramp"), [(0, 3), (3, 0)])
def test_window_and_ramp_are_at_least_one(window: int, ramp: int):
    with pytest.raises(ConfigError, match=rf"at least 1 position, got {window} and {ramp}[\s\S]*raise them"):
        AdaptiveSpan(WIDTH, window=window, ramp=ramp, heads=3)


def test_spans_are_between_zero_and_the_window():
    mechanism = AdaptiveSpan(WIDTH, window=10, heads=3)
    assert mechanism.spans.tolist() == [5.0, 5.0, 5.0]
    mechanism.load_state_dict({**mechanism.state_dict(), "theta": torch.tensor([-50.0, 0.0, 50.0])})
    torch.testing.assert_close(mechanism.spans, torch.tensor([0.0, 5.0, 10.0]))
    assert mechanism.regulariser().item() == pytest.approx(5)


def test_the_regulariser_shrinks_spans():
    mechanism = AdaptiveSpan(WIDTH, window=10, heads=3)
    mechanism.regulariser().backward()
    assert (mechanism.theta.grad > 0).all()


def test_a_head_sees_its_span_and_the_ramp_and_no_further():
    mechanism = AdaptiveSpan(WIDTH, window=8, ramp=3, heads=3)
    mechanism.load_state_dict({**mechanism.state_dict(), "theta": torch.tensor([-50.0, 0.0, 50.0])})
    _, record = mechanism(torch.randn(1, S, WIDTH), layout=LAYOUT)
    seen = record.weights()[0, :, 20] > 0
    # A mask of exactly zero is not seen: less than 3, 7 and 11 away.
    assert [each.nonzero().flatten().sub(20).abs().max().item() for each in seen] == [2, 6, 10]


def test_a_span_that_nothing_limits_is_a_window():
    mechanism, window = AdaptiveSpan(WIDTH, window=7, ramp=1, heads=3), LocalWindow(WIDTH, window=7, heads=3)
    state = mechanism.state_dict()
    state["theta"] = torch.full((3,), 50.0)
    mechanism.load_state_dict(state)
    window.load_state_dict({name: each for name, each in state.items() if name != "theta"})
    values = torch.randn(1, S, WIDTH)
    torch.testing.assert_close(mechanism(values, layout=LAYOUT)[0], window(values, layout=LAYOUT)[0])


def test_a_head_that_must_look_far_learns_a_longer_span():
    torch.manual_seed(0)
    mechanism = AdaptiveSpan(WIDTH, window=20, ramp=4, heads=1)
    optimizer = torch.optim.Adam(mechanism.parameters(), lr=0.05)
    values = torch.randn(16, S, WIDTH)
    layout = Layout(torch.full((16,), S), S)
    # Each position shall say what stands 13 before it.
    values[:, :, :1] = torch.arange(S)[:, None] / S
    wanted = values.roll(13, dims=1)[:, 13:, 1:]
    for _ in range(40):
        optimizer.zero_grad()
        out, _ = mechanism(values, layout=layout)
        (out[:, 13:, 1:] - wanted).square().mean().backward()
        optimizer.step()
    # It began at 10.
    assert mechanism.spans.item() > 11
