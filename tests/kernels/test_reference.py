"""The specification itself: a case computed by hand, and what it says of rows and sources that nobody sees."""

import math

import torch

from salience.kernels import reference

# One head, one query (1, 0), keys (0, 0) and (ln 3, 5): the scores are 0 and ln 3, the weights 1/4 and 3/4.
QUERY = torch.tensor([[[[1.0, 0.0]]]], dtype=torch.float64)
KEY = torch.tensor([[[[0.0, 0.0], [math.log(3), 5.0]]]], dtype=torch.float64)
VALUE = torch.tensor([[[[4.0, 0.0], [8.0, 1.0]]]], dtype=torch.float64)


def seen(*row: bool) -> torch.Tensor:
    return torch.tensor([[row]])


def test_weights_and_output_by_hand():
    out, weights = reference.attention(QUERY, KEY, VALUE, seen(True, True), scale=1.0)
    torch.testing.assert_close(weights.flatten(), torch.tensor([0.25, 0.75], dtype=torch.float64))
    torch.testing.assert_close(out.flatten(), torch.tensor([7.0, 0.75], dtype=torch.float64))


def test_scores_are_divided_by_the_root_of_the_width():
    _, weights = reference.attention(QUERY, KEY, VALUE, seen(True, True))
    torch.testing.assert_close(
        weights[..., 1] / weights[..., 0], torch.full((1, 1, 1), 3 ** (1 / math.sqrt(2))).double()
    )


def test_an_unseen_source_counts_for_nothing():
    out, weights = reference.attention(QUERY, KEY, VALUE, seen(True, False))
    assert weights.flatten().tolist() == [1.0, 0.0]
    assert out.flatten().tolist() == [4.0, 0.0]


def test_a_query_that_sees_nothing_gives_zeros():
    out, weights = reference.attention(QUERY, KEY, VALUE, seen(False, False))
    assert not out.any()
    assert not weights.any()


def test_sources_that_nobody_sees_may_hold_anything():
    poison = torch.tensor([[[[0.0, 0.0], [torch.nan, torch.inf]]]], dtype=torch.float64)
    out, weights = reference.attention(QUERY, poison, poison, seen(True, False))
    assert weights.flatten().tolist() == [1.0, 0.0]
    assert out.flatten().tolist() == [0.0, 0.0]


def test_large_scores_do_not_overflow():
    _, weights = reference.attention(1e4 * QUERY, KEY, VALUE, seen(True, True))
    assert weights.flatten().tolist() == [0.0, 1.0]


def test_gradients_are_right():
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 3, size, 2, dtype=torch.float64, requires_grad=True) for size in (3, 5, 5))
    visible = torch.rand(2, 3, 5) < 0.5
    visible[0, 0] = False
    assert torch.autograd.gradcheck(lambda *qkv: reference.attention(*qkv, visible), (query, key, value))
