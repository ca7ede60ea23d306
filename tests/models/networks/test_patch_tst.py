"""PatchTST, computed by hand: without what its layers add it is a linear map of overlapping patches."""

from __future__ import annotations

import torch

from salience.core.batch import Batch, Layout, Stream
from salience.models.networks import PatchTST
from salience.models.networks.network import WindowShape

SHAPE = WindowShape(look_back=4, horizon=1, variables=1, targets=(0,), patch=2)


def linear_patches() -> PatchTST:
    """Patches that are the steps they read, and layers that add nothing."""
    network = PatchTST(SHAPE, width=4, heads=1, layers=1).eval()
    for each in network.parameters():
        each.data.zero_()
    torch.nn.init.eye_(network.stem.weight)
    return network


def test_patches_reach_into_the_next_one_and_repeat_the_last_value() -> None:
    network = linear_patches()
    batch = Batch({"series": Stream(torch.tensor([[[1.0, 3.0], [5.0, 7.0]]]), Layout(torch.tensor([2]), 2))})
    # Less their mean, 4, and over the root of their variance, 5.
    expected = torch.tensor([[-3.0, -1.0, 1.0, 3.0], [1.0, 3.0, 3.0, 3.0]]) / 5.00001**0.5
    torch.testing.assert_close(network.embed(batch)["series"][0], expected)


def test_the_forecast_is_a_sum_over_patches_at_the_level_of_the_window() -> None:
    network = linear_patches()
    network.head.weight.data.copy_(torch.tensor([[1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]]))
    batch = Batch({"series": Stream(torch.tensor([[[1.0, 3.0], [5.0, 7.0]]]), Layout(torch.tensor([2]), 2))})
    output = network(batch)
    # The first patch gives -3, the second 10, the level is 4.
    torch.testing.assert_close(output.raw, torch.tensor([[11.0]]))
    *_, last = output.records["series"]
    torch.testing.assert_close(13 * last.weights()[0, 0], torch.tensor([[3.0, 10.0]]))
