"""The record of two attentions in a row: the product by hand, and two passes against rows."""

import pytest
import torch

from salience.core.record import Attention, Dense
from salience.kernels.factorised import Factorised

B, H, F, P = 2, 3, 5, 7
EXACT = {"rtol": 1e-6, "atol": 1e-7}


def dense(batch: int, heads: int, size: int) -> Dense:
    return Dense(torch.randn(batch, heads, size, size).softmax(dim=-1), torch.full((batch,), size))


def test_by_hand():
    # One example and head, two frames of two places. Place 0 looks along time at (0.9, 0.1), place 1 at (0.2, 0.8).
    frames = torch.tensor([[[[0.9, 0.1], [0.9, 0.1]]], [[[0.2, 0.8], [0.2, 0.8]]]])
    # In frame 0 everybody looks at place 0, in frame 1 at both.
    places = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]], [[[0.5, 0.5], [0.5, 0.5]]]])
    found = Factorised(Dense(frames, torch.tensor([2, 2])), Dense(places, torch.tensor([2, 2])), torch.tensor([4]))
    assert found.shape == (1, 1, 4, 4)
    early, late = [0.9, 0.0, 0.1, 0.0], [0.45, 0.1, 0.05, 0.4]
    torch.testing.assert_close(found.weights()[0, 0], torch.tensor([early, early, late, late]))
    torch.testing.assert_close(found.received()[0, 0], (torch.tensor(early) + torch.tensor(late)) / 2)
    assert found.normalised


@pytest.mark.parametrize("weighted", [False, True])
def test_received_in_two_passes_is_received_from_rows(weighted: bool):
    found = Factorised(dense(B * P * H, 1, F), dense(B * F, H, P), torch.full((B,), F * P))
    weights = torch.randn(B, F * P) if weighted else None
    torch.testing.assert_close(found.received(weights), Attention.received(found, weights), **EXACT)
    rows = found.rows(torch.tensor([33, 0, 8]))
    torch.testing.assert_close(rows, found.weights()[:, :, [33, 0, 8]], **EXACT)
    torch.testing.assert_close(rows.sum(dim=-1), torch.ones(B, H, 3), **EXACT)
