"""ITransformer, computed by hand."""

from __future__ import annotations

import torch
from torch import nn

from salience.core.batch import Batch, Layout, Stream
from salience.models.networks import ITransformer
from salience.models.networks.network import WindowShape

SHAPE = WindowShape(look_back=2, horizon=1, variables=2, targets=(1,))


def test_the_past_of_a_variable_is_one_vector_that_asks_the_others() -> None:
    network = ITransformer(SHAPE, width=2, heads=1, layers=1).eval()
    for each in network.parameters():
        each.data.zero_()
    nn.init.eye_(network.stem.weight)
    network.head.weight.data.copy_(torch.tensor([[1.0, 2.0]]))
    values = torch.tensor([[[5.0, 9.0], [1.0, 3.0]]])
    output = network(Batch({"series": Stream(values, Layout(torch.tensor([2]), 2))}))
    # The target is at level 2 and scale 1, so that its steps are -1 and 1, which give 1.
    torch.testing.assert_close(output.raw, torch.tensor([[3.0]]), rtol=1e-4, atol=0)
    # Queries that want nothing look at both variables alike; the one target is the only query of the last record.
    (record,) = output.records["series"]
    assert record.weights().tolist() == [[[[0.5, 0.5]]]]
