"""Nested windows: by hand, and statistics against the full weights, in grids of one to three axes."""

import pytest
import torch

from salience.core.batch import Layout
from salience.core.record import Dense
from salience.kernels.windows import Windows

B = 3


def record(grid: tuple[int, ...] = (3, 5), lines: tuple[int, ...] = (3, 2, 0)) -> Windows:
    size = torch.Size(grid).numel()
    layout = Layout(torch.tensor(lines) * (size // grid[0]), size, grid=grid)
    shares = torch.rand(B, size, 3, dtype=torch.float64).softmax(-1)
    return Windows(shares, reach=[0, 1], layout=layout, grid=grid)


def test_rows_by_hand():
    shares = torch.tensor([[0.5, 0.3, 0.2]]).expand(1, 5, 3)
    windows = Windows(shares, reach=[0, 1], layout=Layout(torch.tensor([4]), 5), grid=(5,))
    # Itself; two at the border and three inside; all four real ones.
    expected = torch.tensor([[0.5 + 0.15 + 0.05, 0.15 + 0.05, 0.05, 0.05, 0.0], [0.15, 0.65, 0.15, 0.05, 0.0]])
    torch.testing.assert_close(windows.rows(torch.tensor([0, 1]))[0, 0], expected)
    assert not windows.rows(torch.tensor([4])).any()


def test_windows_are_squares_that_end_at_the_border():
    shares = torch.tensor([0.0, 1.0, 0.0]).expand(1, 15, 3)
    windows = Windows(shares, reach=[0, 1], layout=Layout(torch.tensor([15]), 15, grid=(3, 5)), grid=(3, 5))
    seen = windows.rows(torch.tensor([0, 7]))[0, 0].view(2, 3, 5)
    torch.testing.assert_close(seen[0, :2, :2], torch.full((2, 2), 1 / 4))
    torch.testing.assert_close(seen[1, :, 1:4], torch.full((3, 3), 1 / 9))
    torch.testing.assert_close(seen.sum(dim=(1, 2)), torch.ones(2))


@pytest.mark.parametrize("grid", [(13,), (3, 5), (3, 2, 7)])
def test_received_equals_that_of_the_full_weights(grid: tuple[int, ...]):
    windows = record(grid)
    full = Dense(windows.weights(), windows.asked)
    weights = torch.randn(B, windows.shape[2], dtype=torch.float64)
    torch.testing.assert_close(windows.received(), full.received(), rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(windows.received(weights), full.received(weights), rtol=1e-13, atol=1e-14)


def test_rows_sum_to_one_and_padding_neither_looks_nor_is_looked_at():
    weights = record().weights()
    sums = weights.sum(-1)[:, 0]
    torch.testing.assert_close(sums[1, :10], torch.ones(10, dtype=torch.float64))
    assert not sums[1, 10:].any()
    assert not weights[1, :, :, 10:].any()
    assert not weights[2].any()


def test_autocast_does_not_round_the_weights():
    windows = record()
    inside = Windows(windows.shares.float(), reach=[0, 1], layout=windows._layout, grid=(3, 5))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rows, received = inside.weights(), inside.received()
    torch.testing.assert_close(rows, inside.weights(), rtol=0, atol=0)
    torch.testing.assert_close(received, inside.received(), rtol=0, atol=0)
