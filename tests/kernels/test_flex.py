"""Column sums of attention by flipped FlexAttention: the identity on CPU, uncompiled; its kernels on a GPU."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention.flex_attention import flex_attention

from salience.core.errors import NotAvailable
from salience.kernels import flex
from salience.kernels.problem import Problem
from tests.kernels.triton import cases

# Told once in a process, by whichever test comes first.
pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
NAMES = ["plain", "shared heads", "causal behind", "window", "padded with NaN", "blind", "biased", "half"]


def test_one_query_by_hand():
    # Scores ln 3 and 0: the weights are 3/4 and 1/4, and the sum of exponentials is 4.
    key = torch.tensor([3.0, 1.0]).log().view(1, 1, 2, 1)
    problem = Problem(torch.ones(1, 1, 1, 1), key, 1.0)
    lse, weights = torch.tensor(4.0).log().view(1, 1, 1), torch.tensor([2.0, -1.0]).view(1, 1, 2, 1)
    received = flex.flipped(problem, lse, weights, flex_attention)
    torch.testing.assert_close(received, torch.tensor([[[[1.5, 0.5], [-0.75, -0.25]]]]))


@pytest.mark.parametrize("name", NAMES)
def test_it_equals_the_sums_of_dense_weights(name: str):
    case = cases.CASES[name]()
    expected = cases.expected(case)
    received = flex.flipped(case.problem, expected.lse.float(), case.weights, flex_attention)
    torch.testing.assert_close(
        received.double(), expected.received, rtol=0, atol=1e-6 * expected.received.abs().max().item()
    )


def test_weights_of_nothing_give_nothing():
    case = cases.plain()
    expected = cases.expected(case)
    received = flex.flipped(case.problem, expected.lse.float(), torch.zeros_like(case.weights), flex_attention)
    assert not received.any()


def test_off_cuda_it_is_not_available():
    case = cases.plain()
    text = r"log-sum-exp on CUDA only, and the query is on cpu[\s\S]*ask for the backend 'second_pass'"
    with pytest.raises(NotAvailable, match=text):
        flex.received(case.problem, case.lse_slope, case.weights)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="FlexAttention has gradients of its log-sum-exp on CUDA only")
def test_gradients_equal_those_of_dense_weights():
    case = cases.plain(causal=True)
    expected = cases.expected(case)
    query, key = case.problem.query.cuda().requires_grad_(), case.problem.key.cuda().requires_grad_()
    problem = replace(case.problem, query=query, key=key)
    received = flex.received(problem, expected.lse.float().cuda(), case.weights.cuda())
    torch.testing.assert_close(received.cpu().double(), expected.received, rtol=1e-4, atol=1e-5)
    received.sum().backward()
    assert query.grad.isfinite().all()
    assert key.grad.isfinite().all()
