"""One pass of Chefer relevance: by hand, and against full matrices where blocks, heads and padding meet."""

import pytest
import torch

from salience.kernels import policy
from salience.kernels.problem import Problem
from salience.kernels.relevance_pass import relevant

B, H, T, S, E, D, W = 2, 6, 29, 37, 5, 7, 3


def test_two_positions_by_hand():
    # Weights (3/4, 1/4) and (1/2, 1/2); their gradients (1, -1) and (-2, 2): positive parts (3/4, 0) and (0, 1).
    query, key = torch.tensor([[[[1.0], [0.0]]]]), torch.tensor([[[[3.0], [1.0]]]]).log()
    value, grad_out = torch.tensor([[[[1.0], [-1.0]]]]), torch.tensor([[[[1.0], [-2.0]]]])
    lse = torch.tensor([[[4.0, 2.0]]]).log()
    weights = torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])
    found = relevant(Problem(query, key, 1.0), lse, value, grad_out, weights)
    torch.testing.assert_close(found, torch.tensor([[[0.75, 0.0], [0.375, 0.5]]]))


@pytest.mark.parametrize("spread", [1.0, 40.0])
@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("causal", [False, True])
def test_small_tiles_change_nothing(spread: float, groups: int, causal: bool, monkeypatch: pytest.MonkeyPatch):
    # Sixteen sources a tile, and several heads at once: sharp scores are shifted, usual ones are not.
    monkeypatch.setattr(policy, "TILE", 256)
    query = spread * torch.randn(B, H, T, E, dtype=torch.float64)
    key, value = (torch.randn(B, groups, S, width, dtype=torch.float64) for width in (E, D))
    grad_out = torch.randn(B, H, T, D, dtype=torch.float64)
    weights = torch.randn(B, W, T, dtype=torch.float64)
    seen, asked = torch.rand(B, S) < 0.7, torch.rand(B, T) < 0.7
    problem = Problem(query, key, 0.5, seen=seen, asked=asked, causal=causal, offset=5)
    scores = problem.scores(slice(0, T), slice(0, S))
    gradient = grad_out @ value.repeat_interleave(H // groups, dim=1).mT
    dense = (scores.softmax(-1).nan_to_num(0.0) * gradient).clamp(min=0).mean(1)
    found = relevant(problem, scores.logsumexp(-1), value, grad_out, weights)
    torch.testing.assert_close(found, weights @ dense, rtol=1e-11, atol=1e-13)


def test_a_row_that_is_no_number_shows():
    problem = Problem(torch.randn(1, 1, 3, 2), torch.randn(1, 1, 3, 2), 1.0)
    lse = torch.tensor([[[1.0, torch.nan, 1.0]]])
    values = torch.randn(1, 1, 3, 2)
    assert relevant(problem, lse, values, values, torch.ones(1, 1, 3)).isnan().any()
