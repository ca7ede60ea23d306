"""Gates: the share of each position's length that passes, on the diagonal."""

import torch

from salience.core.batch import Layout
from salience.kernels.gate import Gate


def record() -> Gate:
    before = torch.tensor([[[3.0, 4.0], [0.0, 2.0], [0.0, 0.0], [1.0, 1.0]]], requires_grad=True)
    after = before * torch.tensor([0.5, 0.0])
    return Gate(before, after, Layout(torch.tensor([3]), 4))


def test_shares_by_hand():
    # 1.5 of 5; nothing of (0, 2); nothing of nothing; padding.
    assert record().weights()[0, 0].diagonal().tolist() == torch.tensor([0.3, 0.0, 0.0, 0.0]).tolist()
    assert not (record().weights()[0, 0] - record().weights()[0, 0].diagonal().diag()).any()


def test_received_is_what_each_position_gives_itself():
    torch.testing.assert_close(record().received(), torch.tensor([[[0.1, 0.0, 0.0, 0.0]]]))
    weights = torch.tensor([[2.0, 1.0, 1.0, 9.0]])
    torch.testing.assert_close(record().received(weights), torch.tensor([[[0.6, 0.0, 0.0, 0.0]]]))


def test_some_rows_are_found_without_the_others():
    index = torch.tensor([3, 0, 0])
    assert torch.equal(record().rows(index), record().weights()[:, :, index])


def test_what_passes_wholly_or_not_at_all_has_finite_gradients():
    values = torch.tensor([[[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]]], requires_grad=True)
    share = Gate(values, values * torch.tensor([1.0, 0.0]), Layout(torch.tensor([3]), 3)).received().sum()
    (slope,) = torch.autograd.grad(share, values)
    # d/dx |x_1| / |x| = x_2^2 / |x|^3 for the first channel and - x_1 x_2 / |x|^3 for the second; mean of three.
    torch.testing.assert_close(slope[0, 0], torch.tensor([16 / 125, -12 / 125]) / 3)
    assert slope.isfinite().all()


def test_half_precision_lengths_are_summed_in_single():
    before = torch.ones(1, 2, 1000, dtype=torch.bfloat16)
    weights = Gate(before, before * 0.5, Layout(torch.tensor([2]), 2)).weights()
    assert weights.dtype == torch.float32
    assert weights[0, 0].diagonal().tolist() == [0.5, 0.5]
