"""What every attention loss keeps, by name; each export has a row in `cases`."""

import dataclasses
import math

import pytest
import torch

from salience.core.build import build
from salience.core.errors import ConfigError
from salience.training import attention_losses
from salience.training.teaching import build_losses
from tests.training.attention_losses.cases import CASES, looked

every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
HALF = torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64)
MARKED = torch.tensor([[0.0, 1.0, 1.0]], dtype=torch.float64)


def loss_of(loss, logits, target, lengths=None):
    found = looked(logits, lengths, loss.readout())
    rows = loss.has_target(target, found.mask)
    return loss(found.of(rows), target[rows])


def test_every_loss_has_a_row():
    assert sorted(case.name for case in CASES) == sorted(attention_losses.__all__)


@every
def test_it_is_built_by_name_with_options_and_is_frozen(case):
    (loss,) = build_losses({case.name: case.options})
    assert {name: getattr(loss, name) for name in case.options} == case.options
    assert build_losses(case.name) == [build(case.name, attention_losses)]
    with pytest.raises(dataclasses.FrozenInstanceError):
        loss.weight = 2.0


@every
def test_a_wrong_option_is_named(case):
    with pytest.raises(ConfigError, match=r"'wieght'.*did you mean 'weight'"):
        build_losses({case.name: {"wieght": 1.0}})
    with pytest.raises(ConfigError, match="weight must be 0 or more") as caught:
        getattr(attention_losses, case.name)(weight=math.nan)
    assert case.name in str(caught.value)
    with pytest.raises(ConfigError, match="layer must be 0 or more, got -1; head must be 0 or more, got -2"):
        build_losses({case.name: {"layer": -1, "head": -2}})


def test_names_that_do_not_exist_are_answered_with_those_that_do():
    with pytest.raises(ConfigError, match="there is no 'Mas'") as caught:
        build_losses("Mas")
    assert "did you mean 'Mass'" in str(caught.value)


def test_several_losses_are_built_together():
    assert [type(each).__name__ for each in build_losses({"KL": {}, "Entropy": None})] == ["KL", "Entropy"]
    assert build_losses(None) == []


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("KL", {"weight": -1.0}, "weight must be 0 or more, got -1.0"),
        ("KL", {"sharpness": 0.0}, "sharpness must be above 0, got 0.0"),
        ("PairwiseRanking", {"margin": 0.0}, "margin must be above 0, got 0.0"),
        ("FenchelYoung", {"alpha": 1.0}, "alpha must be above 1 and at most 2, got 1.0"),
        ("Honesty", {"after": -1}, "after must be 0 or more, got -1"),
    ],
)
def test_impossible_options_are_refused(name, options, problem):
    with pytest.raises(ConfigError) as caught:
        build_losses({name: options})
    assert problem in str(caught.value)


@every
def test_a_value_computed_by_hand(case):
    loss = build(case.name, attention_losses)
    found = loss_of(loss, HALF.log().requires_grad_(), MARKED)
    expected = case.value
    if case.name == "FenchelYoung":
        # At alpha 2 the loss is (|z - t|^2 - |z - p|^2) / 2 with p = sparsemax(z).
        loss = attention_losses.FenchelYoung(alpha=2.0)
        found = loss_of(loss, HALF.log().requires_grad_(), MARKED)
        high, wanted = math.log(2), (0.0, 0.5, 0.5)
        tau = (high - 1) / 3
        scores, nearest = (high, 0.0, 0.0), (high - tau, -tau, -tau)
        expected = sum((z - t) ** 2 - (z - p) ** 2 for z, t, p in zip(scores, wanted, nearest, strict=True)) / 2
    assert found.item() == pytest.approx(expected, abs=1e-12)


@every
def test_padding_changes_neither_loss_nor_gradient(case):
    loss = build(case.name, attention_losses)
    logits = torch.randn(1, 5, dtype=torch.float64).requires_grad_()
    target = torch.tensor([[0.0, 1.0, 0.5, 0.0, 0.0]], dtype=torch.float64)
    padded = torch.cat([logits.detach(), torch.full((1, 2), 3.0)], 1).requires_grad_()
    values = []
    for each, marks, lengths in ((logits, target, None), (padded, torch.nn.functional.pad(target, (0, 2)), [5])):
        values.append(loss_of(loss, each, marks, lengths).sum())
        values[-1].backward()
    assert values[0].item() == pytest.approx(values[1].item(), abs=1e-12)
    assert torch.allclose(padded.grad[:, :5], logits.grad, atol=1e-12)
    assert torch.equal(padded.grad[:, 5:], torch.zeros(1, 2, dtype=torch.float64))


@pytest.mark.parametrize("case", [case for case in CASES if case.marks], ids=lambda case: case.name)
def test_descent_moves_attention_onto_the_marks(case):
    loss = build(case.name, attention_losses)
    logits = torch.zeros(1, 7).requires_grad_()
    target = torch.tensor([[0, 1, 0, 1, 0, 0, 0]], dtype=torch.float32)
    for _ in range(100):
        (gradient,) = torch.autograd.grad(loss_of(loss, logits, target).sum(), logits)
        logits = (logits - gradient).detach().requires_grad_()
    assert logits.softmax(-1)[0, [1, 3]].sum() > 2 * (2 / 7)


@every
@pytest.mark.parametrize("far", [80.0, 1e4])
def test_attention_that_is_sure_of_a_wrong_place_has_a_finite_loss(case, far):
    loss = build(case.name, attention_losses)
    logits = torch.tensor([[far, 0.0, 1.0]]).requires_grad_()
    value = loss_of(loss, logits, torch.tensor([[0.0, 1.0, 0.0]])).sum()
    (gradient,) = torch.autograd.grad(value, logits)
    assert value.isfinite()
    assert gradient.isfinite().all()


@every
def test_rows_without_a_target_are_told_apart(case):
    loss = build(case.name, attention_losses)
    target = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    mask = torch.ones(2, 3, dtype=torch.bool)
    assert loss.has_target(target, mask).tolist() == [loss.target == "nothing", True]


def test_a_row_where_all_is_marked_has_no_pairs():
    mask = torch.tensor([[True, True, False]])
    target = torch.tensor([[1.0, 1.0, 0.0]])
    assert not attention_losses.PairwiseRanking().has_target(target, mask).any()
    assert not attention_losses.BinaryCrossEntropy().has_target(target, mask).any()
    assert attention_losses.BinaryCrossEntropy(balanced=False).has_target(target, mask).all()
    assert not attention_losses.Entropy().has_target(target, mask[:, [0, 2, 2]]).any()
