"""What top-k attention does beyond the contract: it counts."""

import pytest
import torch

from salience.attention import MultiHead, TopK
from salience.core.batch import Layout
from salience.core.errors import ConfigError

S, WIDTH = 31, 21
LAYOUT = Layout(torch.tensor([S, 2]), S)


@pytest.mark.parametrize("k", [0, -1])
def test_k_is_at_least_one(k: int):
    with pytest.raises(ConfigError, match=rf"at least one source per query, got k = {k}[\s\S]*raise `k`"):
        TopK(WIDTH, k=k, heads=3)


def test_each_query_sees_k_sources_or_as_many_as_there_are():
    _, record = TopK(WIDTH, k=5, heads=3)(torch.randn(2, S, WIDTH), layout=LAYOUT)
    counts = record.weights().count_nonzero(dim=-1)
    assert counts[0].unique().tolist() == [5]
    assert counts[1, :, :2].unique().tolist() == [2]


def test_with_all_sources_it_is_multi_head_attention():
    mechanism, full = TopK(WIDTH, k=S, heads=3), MultiHead(WIDTH, heads=3)
    full.load_state_dict(mechanism.state_dict())
    values = torch.randn(2, S, WIDTH)
    (out, record), (expected, wanted) = mechanism(values, layout=LAYOUT), full(values, layout=LAYOUT)
    torch.testing.assert_close(out[LAYOUT.mask], expected[LAYOUT.mask])
    torch.testing.assert_close(record.weights(), wanted.weights())
