"""Gates and the selection of variables, computed by hand."""

from __future__ import annotations

import torch
from torch import nn

from salience.models.networks.gated_residual import GatedResidual
from salience.models.networks.variable_selection import VariableSelection


def test_a_closed_gate_passes_the_input_normalised() -> None:
    network = GatedResidual(2).eval()
    nn.init.zeros_(network.gate.both.weight)
    # The second half are gates.
    network.gate.both.bias.data.copy_(torch.tensor([9.0, 9.0, -100.0, -100.0]))
    torch.testing.assert_close(network(torch.tensor([1.0, 3.0])), torch.tensor([-1.0, 1.0]), rtol=1e-4, atol=0)


def test_an_open_gate_adds_the_small_network() -> None:
    network = GatedResidual(2).eval()
    nn.init.zeros_(network.gate.both.weight)
    network.gate.both.bias.data.copy_(torch.tensor([4.0, 0.0, 100.0, 100.0]))
    torch.testing.assert_close(network(torch.tensor([1.0, 3.0])), torch.tensor([1.0, -1.0]), rtol=1e-4, atol=0)


def test_selection_is_a_weighted_sum_of_variables() -> None:
    network = VariableSelection(2, variables=3).double().eval()
    cells = torch.randn(5, 7, 3, 2, dtype=torch.float64)
    vectors, weights = network(cells)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, 7).double())
    torch.testing.assert_close(vectors, torch.einsum("btv,btvd->btd", weights, network.each(cells)))
