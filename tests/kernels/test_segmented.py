"""The record of segments: what it tells segment by segment against what its rows say."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels.segmented import Distances, Segmented, _aligned

B, H, E = 2, 3, 5
EXACT = {"rtol": 1e-12, "atol": 1e-13}


def record(size: int, segment: int, *, causal: bool, dtype: torch.dtype = torch.float64) -> Segmented:
    query, key = (torch.randn(B, H, size, E, dtype=dtype) for _ in range(2))
    distances = Distances(
        torch.randn(H, 3 * segment - 1, E, dtype=dtype), *(torch.randn(H, E, dtype=dtype) for _ in range(2))
    )
    layout = Layout(torch.tensor([size, size // 2]), size)
    return Segmented(query, key, key, distances, segment=segment, causal=causal, layout=layout)


def test_columns_of_distances_become_columns_of_positions():
    # Two positions of a segment, five distances: from 3 before to 1 after.
    distant = torch.tensor([[3, 2, 1, 0, -1], [3, 2, 1, 0, -1]], dtype=torch.float64)
    # The first of them stands at place 2 of the context, the second at place 3.
    assert _aligned(distant[None, None, None])[0, 0, 0].tolist() == [[2, 1, 0, -1], [3, 2, 1, 0]]


@given(size=st.integers(0, 23), segment=st.integers(1, 7), causal=st.booleans(), weighted=st.booleans())
def test_statistics_by_segments_are_those_of_rows(size: int, segment: int, causal: bool, weighted: bool):
    torch.manual_seed(size)
    found = record(size, segment, causal=causal)
    weights = torch.randn(B, size, dtype=torch.float64) if weighted else None
    torch.testing.assert_close(found.received(weights), Attention.received(found, weights), **EXACT)
    torch.testing.assert_close(found.entropy(), Attention.entropy(found), **EXACT)
    value = torch.randn(B, H, size, E, dtype=torch.float64)
    torch.testing.assert_close(found.mixed(value, value), found.weights() @ value, **EXACT)


def test_half_precision_is_computed_in_float32():
    found = record(11, 3, causal=False, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rows, received, entropy = found.rows(torch.arange(11)), found.received(), found.entropy()
    assert rows.dtype == received.dtype == entropy.dtype == torch.float32
    torch.testing.assert_close(rows[0].mean(dim=1), received[0], rtol=1e-5, atol=1e-6)
