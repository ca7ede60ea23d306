"""Layers that begin by adding next to nothing to what passes them (after Zhang et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import nn

from salience.attention import MultiHead
from salience.models.encoders.transformer import Layer

# Not zero, because then no gradient would reach what lies before at the first step.
BEGINNING = 0.01


@torch.no_grad()
def quieten(layers: Iterable[nn.Module]) -> None:
    """Scale down the last map of both steps of each layer with multi-head attention.

    Where examples are few and alike, as windows of one series are, a linear map is hard to beat: a network that begins
    as one adds attention where that helps, instead of having to learn the map through it.

    Reference: Zhang et al. 2019, "Fixup Initialization: Residual Learning Without Normalization", section 3.
    """
    for layer in cast(Iterable[Layer], layers):
        for last in (cast(MultiHead, layer.attention).out, layer.feedforward[-2]):
            for parameter in last.parameters():
                parameter.mul_(BEGINNING)
