"""What bilinear attention does beyond the contract: how it starts."""

import torch

from salience.attention import Bilinear


def test_scores_start_with_variance_one():
    width, pairs = 53, 101
    scores = torch.stack(
        [Bilinear(width).score(torch.randn(1, pairs, width), torch.randn(1, pairs, width)) for _ in range(5)]
    )
    # The variance of one matrix's scores varies by a few percent.
    assert 0.8 < scores.var().item() < 1.2
