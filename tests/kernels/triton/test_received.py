"""What sources received, by the interpreter."""

from typing import Any

import pytest
import torch

from tests.kernels.triton import cases, compare


@pytest.mark.parametrize("name", compare.NAMES)
def test_it_equals_the_sums_of_dense_weights(interpreted: dict[str, Any], name: str):
    compare.same(interpreted, name, "received")


@pytest.mark.parametrize("name", ["padded with NaN", "blind"])
def test_sources_nobody_sees_receive_exactly_nothing(interpreted: dict[str, Any], name: str):
    seen = cases.CASES[name]().problem.seen
    received = interpreted["answers"][name]["received"]
    assert not received.mT[~seen[:, None].expand(-1, received.shape[1], -1)].any()


def test_sums_of_parts_of_the_queries_are_the_same_and_repeat_bit_by_bit(interpreted: dict[str, Any]):
    once, again = interpreted["in_parts"]
    assert torch.equal(once, again)
    compare.close(once, cases.expected(cases.plain(vectors=3, causal=True)).received, compare.EXACT, "received")


def test_all_weight_is_received_by_someone(interpreted: dict[str, Any]):
    case = cases.CASES["plain"]()
    received = interpreted["answers"]["plain"]["received"]
    torch.testing.assert_close(received.double().sum(-1), case.weights.double().sum(-1), rtol=0, atol=1e-5)
