"""Linear networks, computed by hand."""

from __future__ import annotations

import torch

from salience.core.batch import Batch, Layout, Stream
from salience.models.networks import DLinear, NLinear
from salience.models.networks.d_linear import moving_average
from salience.models.networks.network import WindowShape

SHAPE = WindowShape(look_back=3, horizon=1, variables=1, targets=(0,))


def window(*values: float) -> Batch:
    return Batch(
        {"series": Stream(torch.tensor(values, dtype=torch.float32)[None, :, None], Layout(torch.tensor([3]), 3))}
    )


def test_the_moving_average_repeats_the_ends() -> None:
    assert (moving_average(3, 3) @ torch.tensor([3.0, 6.0, 3.0])).tolist() == [4, 4, 4]


def test_d_linear_maps_the_average_and_the_rest() -> None:
    network = DLinear(SHAPE, average=3)
    network.load_state_dict({
        "trend": torch.tensor([[1.0, 1.0, 1.0]]),
        "rest": torch.tensor([[1.0, 0.0, 2.0]]),
        "bias": torch.tensor([0.5]),
    })  # fmt: skip
    # The average is 4 everywhere, the rest -1, 2, -1: 12 - 3 + 0.5.
    output = network(window(3, 6, 3))
    torch.testing.assert_close(output.raw, torch.tensor([[9.5]]))
    # As one map: 4/3, 0 and 5/3 per step, which are 4, 0 and 5 here.
    (record,) = output.records["series"]
    torch.testing.assert_close(9 * record.weights()[0, 0], torch.tensor([[4.0, 0.0, 5.0]]))


def test_n_linear_starts_from_the_last_value() -> None:
    network = NLinear(SHAPE)
    network.load_state_dict({"differences": torch.tensor([[1.0, 2.0, 5.0]]), "bias": torch.tensor([0.0])})
    # The differences are -3, -2 and 0: -3 - 4 + 6.
    output = network(window(3, 4, 6))
    torch.testing.assert_close(output.raw, torch.tensor([[-1.0]]))
    # As one map: 1, 2 and -2 per step, which are 3, 8 and -12 here.
    (record,) = output.records["series"]
    torch.testing.assert_close(23 * record.weights()[0, 0], torch.tensor([[3.0, 8.0, 12.0]]))


def test_n_linear_without_weights_repeats_the_last_value() -> None:
    network = NLinear(SHAPE)
    for each in network.parameters():
        each.data.zero_()
    assert network(window(3, 4, 6)).raw.item() == 6
