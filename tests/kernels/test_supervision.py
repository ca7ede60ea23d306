"""The loss that teaches attention from people: by hand, its properties, its gradient, and its errors."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import ConfigError, DataError
from salience.kernels.supervision import attention_supervision_loss

B, H, S = 5, 3, 7
KINDS = pytest.mark.parametrize("kind", ["kl", "mse"])


def shares(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64).softmax(-1)


def test_two_keys_by_hand():
    # Shares 1/4 and 3/4, wanted 1/2 and 1/2.
    received, human = torch.tensor([[1.0, 3.0]]), torch.tensor([[2.0, 2.0]])
    kl = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert attention_supervision_loss(received, human).item() == pytest.approx(kl)
    assert attention_supervision_loss(received, human, kind="mse").item() == pytest.approx((0.25**2 + 0.25**2) / 2)


def test_kl_is_that_of_torch():
    received, human = shares(B, S), shares(B, S)
    expected = torch.nn.functional.kl_div(received.log(), human, reduction="batchmean")
    torch.testing.assert_close(attention_supervision_loss(received, human), expected)


@KINDS
def test_the_loss_is_zero_where_attention_is_as_wanted_and_positive_elsewhere(kind: str):
    received = shares(B, S)
    assert attention_supervision_loss(received, 3 * received, kind=kind).item() == pytest.approx(0, abs=1e-15)
    assert attention_supervision_loss(received, shares(B, S), kind=kind) > 0


@KINDS
@given(factor=st.floats(1e-3, 1e3))
def test_only_shares_count(kind: str, factor: float):
    received, human = shares(B, S), shares(B, S)
    expected = attention_supervision_loss(received, human, kind=kind)
    torch.testing.assert_close(attention_supervision_loss(received, factor * human, kind=kind), expected)
    torch.testing.assert_close(attention_supervision_loss(factor * received, human, kind=kind), expected)


@KINDS
def test_heads_are_held_to_the_same_human(kind: str):
    received, human = shares(B, H, S), shares(B, S)
    each = [attention_supervision_loss(received[:, head], human, kind=kind) for head in range(H)]
    torch.testing.assert_close(attention_supervision_loss(received, human, kind=kind), torch.stack(each).mean())


@KINDS
@pytest.mark.parametrize("garbage", [9.0, -1.0, math.nan, math.inf])
def test_keys_outside_the_mask_may_hold_anything(kind: str, garbage: float):
    received, human, mask = shares(B, S), shares(B, S), torch.ones(B, S, dtype=torch.bool)
    mask[:, 5:] = False
    expected = attention_supervision_loss(received[:, :5], human[:, :5], kind=kind)
    received[~mask], human[~mask] = garbage, garbage
    received.requires_grad_()
    loss = attention_supervision_loss(received, human, kind=kind, mask=mask)
    torch.testing.assert_close(loss, expected)
    (slope,) = torch.autograd.grad(loss, received)
    assert slope.isfinite().all()
    assert not slope[~mask].any()


@KINDS
def test_rows_that_nobody_annotated_are_left_out_and_get_no_gradient(kind: str):
    received, human, mask = shares(B, H, S), shares(B, S), torch.ones(B, S, dtype=torch.bool)
    human[1] = 0
    mask[3] = False
    # The only mark of this row lies outside of its mask.
    human[4], human[4, 2], mask[4, 2] = 0, 1, False
    received.requires_grad_()
    loss = attention_supervision_loss(received, human, kind=kind, mask=mask)
    kept = torch.tensor([0, 2])
    torch.testing.assert_close(loss, attention_supervision_loss(received[kept], human[kept], kind=kind))
    (slope,) = torch.autograd.grad(loss, received)
    assert slope[[0, 2]].any(-1).all()
    assert not slope[[1, 3, 4]].any()


@KINDS
def test_without_any_annotation_the_loss_is_zero_and_so_is_its_gradient(kind: str):
    received = shares(B, S).requires_grad_()
    loss = attention_supervision_loss(received, torch.zeros(B, S), kind=kind)
    assert loss.item() == 0
    assert not torch.autograd.grad(loss, received)[0].any()


@KINDS
def test_rows_that_received_nothing_are_left_out(kind: str):
    received, human = shares(B, S), shares(B, S)
    expected = attention_supervision_loss(received[1:], human[1:], kind=kind)
    received[0] = 0
    received.requires_grad_()
    loss = attention_supervision_loss(received, human, kind=kind)
    torch.testing.assert_close(loss, expected)
    assert torch.autograd.grad(loss, received)[0].isfinite().all()


@KINDS
def test_importances_that_are_no_numbers_show_in_the_loss(kind: str):
    received = shares(B, S)
    received[3, 2] = math.nan
    assert attention_supervision_loss(received, shares(B, S), kind=kind).isnan()


@KINDS
def test_a_marked_key_that_received_exactly_nothing_costs_much_and_not_infinitely(kind: str):
    received = torch.tensor([[0.0, 1.0]], requires_grad=True)
    loss = attention_supervision_loss(received, torch.tensor([[1.0, 0.0]]), kind=kind)
    assert loss.item() == pytest.approx({"kl": -math.log(torch.finfo(torch.float32).tiny), "mse": 1.0}[kind])
    assert torch.autograd.grad(loss, received)[0].isfinite().all()


@KINDS
def test_the_gradient_passes_the_numerical_check(kind: str):
    received, human, mask = shares(B, H, S).requires_grad_(), shares(B, S), torch.ones(B, S, dtype=torch.bool)
    human[1], mask[2, 3:], human[0, 4] = 0, False, 0
    assert torch.autograd.gradcheck(
        lambda each: attention_supervision_loss(each, human, kind=kind, mask=mask), received
    )


def test_descent_along_the_gradient_leads_to_the_marks():
    scores = torch.zeros(2, S, requires_grad=True)
    human = torch.tensor([[1.0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0, 0]])
    optimizer = torch.optim.Adam([scores], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        attention_supervision_loss(scores.softmax(-1), human).backward()
        optimizer.step()
    assert (scores.softmax(-1) * (human > 0)).sum(-1).min() > 0.95


def test_half_precision_is_summed_in_float32():
    received, human = shares(B, 997).to(torch.bfloat16), shares(B, 997).to(torch.bfloat16)
    loss = attention_supervision_loss(received, human)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss.double(), attention_supervision_loss(received.double(), human.double()))


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ConfigError, match=r"called 'KL'[\s\S]*did you mean 'kl'\? Known: kl, mse"):
        attention_supervision_loss(shares(B, S), shares(B, S), kind="KL")


@pytest.mark.parametrize("wrong", [-0.5, math.nan, math.inf])
def test_human_attention_that_is_no_amount_is_an_error(wrong: float):
    human = shares(B, S)
    human[3, 2] = wrong
    with pytest.raises(DataError, match=rf"0 or more, got {wrong:g}[\s\S]*example 3, key 2[\s\S]*belongs to `mask`"):
        attention_supervision_loss(shares(B, S), human)


@pytest.mark.parametrize("shape", [(B, S + 1), (B + 1, S), (S,), (B, H, S)])
def test_human_attention_of_another_shape_is_an_error(shape: tuple[int, ...]):
    message = r"`human` of shape \(5, 7\), got .*[\s\S]*`received` has shape \(5, 3, 7\)[\s\S]*each source"
    with pytest.raises(DataError, match=message):
        attention_supervision_loss(shares(B, H, S), shares(*shape))


def test_a_mask_of_another_shape_is_an_error():
    with pytest.raises(DataError, match=r"`mask` of shape \(5, 7\), got \(5, 8\)"):
        attention_supervision_loss(shares(B, S), shares(B, S), mask=torch.ones(B, S + 1, dtype=torch.bool))


def test_importances_of_another_rank_are_an_error():
    with pytest.raises(DataError, match=r"\[B, S\] or \[B, H, S\], got \(5, 3, 2, 7\)[\s\S]*take the mean"):
        attention_supervision_loss(shares(B, H, 2, S), shares(B, S))
