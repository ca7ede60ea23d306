"""Networks with attention over time, where nothing is preferred: their weights are equal shares."""

from __future__ import annotations

import torch

from salience.models.flow import position_weights
from salience.models.networks import RecurrentAttention, TemporalFusion
from salience.models.networks.network import WindowShape
from tests.models.networks.cases import windows

SHAPE = WindowShape(look_back=11, horizon=5, variables=3, targets=(1,))
AHEAD = WindowShape(look_back=11, horizon=5, variables=3, targets=(1,), future=2)


def indifferent(network: TemporalFusion | RecurrentAttention) -> TemporalFusion | RecurrentAttention:
    """All parameters zero, so that every score is the same, and the forecast is half a scale above the level."""
    for each in network.parameters():
        each.data.zero_()
    network.head.bias.data.fill_(0.5)
    return network.double().eval()


def test_equal_scores_are_equal_shares_of_cells() -> None:
    network = indifferent(TemporalFusion(SHAPE, width=4, heads=2))
    batch = windows(network)
    output = network(batch)
    shares = position_weights(output.records["series"]).double()
    torch.testing.assert_close(shares, torch.full((5, 33), 1 / 33).double(), rtol=1e-6, atol=0)
    target = batch.streams["series"].values.view(5, 11, 3)[..., 1]
    expected = target.mean(1) + 0.5 * (target.var(1, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(output.raw, expected[:, None].expand(5, 5))


def test_a_step_that_is_known_ahead_has_fewer_cells() -> None:
    network = indifferent(TemporalFusion(AHEAD, width=4, heads=2))
    shares = position_weights(network(windows(network)).records["series"])[0]
    # Sixteen steps, of which eleven share among three variables and five among two.
    expected = torch.cat([torch.full((33,), 1 / 48), torch.full((10,), 1 / 32)])
    torch.testing.assert_close(shares.float(), expected)


def test_equal_scores_are_equal_shares_of_steps() -> None:
    network = indifferent(RecurrentAttention(SHAPE, width=4, heads=2))
    output = network(windows(network))
    shares = position_weights(output.records["series"]).double()
    torch.testing.assert_close(shares, torch.full((5, 11), 1 / 11).double(), rtol=1e-6, atol=0)


def test_states_forget_each_other_with_time() -> None:
    network = indifferent(RecurrentAttention(SHAPE, width=4, heads=1, among={"Temporal": {"heads": 1}}))
    # A rate of zero halves weights with each step: the last state sees itself twice as much as the one before.
    first, _ = network(windows(network)).records["series"]
    weights = first.weights()[0, 0, -1]
    torch.testing.assert_close(weights[-1], 2 * weights[-2])
