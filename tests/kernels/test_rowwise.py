"""Attention in blocks of whole rows: by hand, then against the reference."""

import pytest
import torch

from salience.core import record
from salience.core.batch import Layout
from salience.kernels import masks, normalise, reference
from salience.kernels.rowwise import Rowwise

B, H, T, S, E = 2, 3, 11, 7, 5
LAYOUT, QUERY_LAYOUT = Layout(torch.tensor([7, 3]), S), Layout(torch.tensor([4, 11]), T)


def make(dtype: torch.dtype = torch.float64) -> Rowwise:
    query, key = torch.randn(B, H, T, E, dtype=dtype), torch.randn(B, H, S, E, dtype=dtype)
    return Rowwise(query, key, normalise.softmax, layout=LAYOUT, query_layout=QUERY_LAYOUT)


def test_by_hand():
    one = Layout(torch.tensor([1]), 1)
    query, key = torch.ones(1, 1, 1, 4), torch.tensor([0.25, 0.1]).view(1, 1, 2, 1).expand(1, 1, 2, 4)
    found = Rowwise(query, key, normalise.sparsemax, layout=Layout(torch.tensor([2]), 2), query_layout=one)
    # Scores 4 * 0.25 / 2 and 4 * 0.1 / 2: their distance from each other stays, and they sum to one.
    torch.testing.assert_close(found.weights()[0, 0, 0], torch.tensor([0.65, 0.35]))
    value = torch.tensor([[[[100.0], [0.0]]]])
    torch.testing.assert_close(found.mixed(value), torch.tensor([[[[65.0]]]]))


def test_with_softmax_it_is_attention():
    made, value = make(), torch.randn(B, H, S, E, dtype=torch.float64)
    seen = masks.padding(torch.arange(T), layout=LAYOUT, query_layout=QUERY_LAYOUT)
    out, weights = reference.attention(made._query, made._key, value, seen)
    torch.testing.assert_close(made.weights(), weights, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(made.mixed(value), out, rtol=1e-12, atol=1e-14)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    made, value = make(), torch.randn(B, H, S, E, dtype=torch.float64)
    whole, received = made.mixed(value), made.received()
    monkeypatch.setattr(record, "BLOCK", 3 * B * H * S)
    assert len(made._blocks()) == 4
    torch.testing.assert_close(made.mixed(value), whole, rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(made.received(), received, rtol=1e-13, atol=1e-15)


def test_half_precision_scores_are_not_rounded_again_under_autocast():
    made = make(torch.bfloat16)
    expected = Rowwise(
        made._query.float(), made._key.float(), normalise.softmax, layout=LAYOUT, query_layout=QUERY_LAYOUT
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weights = made.weights()
    assert torch.equal(weights, expected.weights())
