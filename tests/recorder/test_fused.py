"""Fused attention under masks of every form gives what the dense weights give."""

from __future__ import annotations

import pytest
import torch

from salience.kernels.problem import Problem
from salience.recorder import fused as module
from salience.recorder.fused import fused

SEEN = torch.tensor([[True] * 11, [False] * 3 + [True] * 8])
FORMS = {
    "all": {},
    "padded": {"seen": SEEN},
    "causal": {"causal": True},
    "causal, later": {"causal": True, "offset": 4},
    "causal, padded": {"causal": True, "offset": 4, "seen": SEEN},
    "window": {"window": 2, "offset": 4},
    "window, causal, padded": {"window": 2, "offset": 4, "causal": True, "seen": SEEN},
    "bias": {"bias": torch.linspace(-2, 2, 77).view(1, 1, 7, 11)},
    "bias for all queries": {"bias": torch.linspace(-2, 2, 44).view(1, 4, 1, 11), "window": 5},
    "bias, causal": {"bias": torch.linspace(-2, 2, 308).view(1, 4, 7, 11), "causal": True, "offset": 4},
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("gradients", [False, True])
def test_the_output_is_that_of_the_dense_weights(name: str, gradients: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Panels so small that there are several.
    monkeypatch.setattr(module, "ROWS", 3)
    query, key, value = torch.randn(2, 4, 7, 5), torch.randn(2, 2, 11, 5), torch.randn(2, 2, 11, 5)
    query.requires_grad_(gradients)
    problem = Problem(query, key, 0.3, **FORMS[name])
    out, lse = fused(problem, value)
    scores = problem.scores(slice(0, 7), slice(0, 11))
    alive = scores.isfinite().any(-1)
    weights = torch.where(alive[..., None], scores, 0.0).softmax(-1)
    expected = weights @ value.repeat_interleave(2, dim=1)
    torch.testing.assert_close(out[alive], expected[alive])
    assert out.isfinite().all()
    assert out.requires_grad == gradients
    if lse is not None:
        torch.testing.assert_close(lse[alive], scores.logsumexp(-1)[alive])


def test_values_may_be_wider_than_keys() -> None:
    query, key, value = torch.randn(1, 2, 7, 5), torch.randn(1, 2, 7, 5), torch.randn(1, 2, 7, 3)
    problem = Problem(query, key, 1.0, causal=True)
    out, _ = fused(problem, value)
    torch.testing.assert_close(out, problem.scores(slice(0, 7), slice(0, 7)).softmax(-1) @ value)
