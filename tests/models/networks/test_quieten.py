"""Layers that begin by adding next to nothing."""

from __future__ import annotations

import torch

from salience.attention import MultiHead
from salience.core.batch import Layout
from salience.models.encoders.transformer import Layer
from salience.models.networks.quieten import quieten


def test_a_quiet_layer_passes_what_comes_and_still_learns() -> None:
    layer = Layer(6, MultiHead(6, heads=2), hidden=7, dropout=0.0)
    values, layout = torch.randn(5, 11, 6), Layout(torch.full((5,), 11), 11)
    loud = (layer(values, layout)[0] - values).abs().max()
    quieten([layer])
    output, _ = layer(values, layout)
    assert (output - values).abs().max() < 0.05 * loud
    output.square().sum().backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in layer.parameters())
