"""Lengths of vectors: by hand, at zero, and in half precision."""

import doctest

import torch

from salience.kernels import length as module
from salience.kernels.length import length


def test_the_example_runs():
    assert doctest.testmod(module).failed == 0


def test_the_gradient_is_the_direction_and_zero_at_zero():
    values = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    (slope,) = torch.autograd.grad(length(values).sum(), values)
    torch.testing.assert_close(slope, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))


def test_half_precision_is_summed_in_single():
    assert length(torch.ones(1000, dtype=torch.bfloat16)).item() == torch.tensor(1000.0).sqrt().item()
