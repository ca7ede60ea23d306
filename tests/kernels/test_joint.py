"""Gradients of all statistics together: against the reference, against differences, and at awkward sizes."""

import pytest
import torch
from hypothesis import given
from torch import Tensor

from salience.kernels.joint import joint
from salience.kernels.row_panel import Statistics
from tests.kernels.problems import CASES, Case, Truth, make, truth

ALL = {"entropy": True, "maximum": True, "lse": True}
NAMES = ("out", "received", "entropy", "max", "lse")


def everything(case: Case, **options) -> Statistics:
    with case.small_blocks():
        return joint(case.problem, case.value, weights=case.weights, **{**ALL, **options})


def gradients(found: Statistics | Truth, case: Case, names: tuple[str, ...] = NAMES) -> tuple[Tensor, ...]:
    """Of a sum of all results, each weighted by chance."""
    generator, total = torch.Generator().manual_seed(11), 0.0
    alive = case.problem.alive[:, None]
    for name in NAMES:
        result = getattr(found, name)
        noise = torch.randn(result.shape, generator=generator, dtype=torch.float64)
        # The logarithm of nothing has no slope.
        result = torch.where(alive, result, 0.0) if name == "lse" else result
        total = total + (result * noise).sum() * (name in names)
    with case.small_blocks():
        return torch.autograd.grad(total, case.tensors, allow_unused=True, materialize_grads=True)


def close(found: tuple[Tensor, ...], expected: tuple[Tensor, ...], tolerance: float) -> None:
    for each, wanted in zip(found, expected, strict=True):
        assert (each.double() - wanted).abs().max() <= tolerance * max(1.0, float(wanted.abs().max()))


@given(case=CASES)
def test_gradients_equal_the_reference(case: Case):
    case = case.trained()
    found, expected = everything(case), truth(case)
    torch.testing.assert_close(found.received, expected.received, rtol=1e-9, atol=1e-12)
    close(gradients(found, case), gradients(expected, case), 1e-10)


@pytest.mark.parametrize("names", [("out",), ("received",), ("entropy",), ("max",), ("lse",), ("out", "received")])
@pytest.mark.parametrize("options", [{}, {"seen": True, "causal": True, "bias": (False, True, False)}])
def test_each_result_has_its_own_gradient(names: tuple[str, ...], options: dict):
    case = make(share=2, **options).trained()
    close(gradients(everything(case), case, names), gradients(truth(case), case, names), 1e-11)


@pytest.mark.parametrize(
    "options",
    [
        {"seen": True, "asked": True, "empty": True},
        {"causal": True, "offset": 2, "window": 3},
        {"bias": (True, False, True), "causal": True},
        {"spread": 3.0},
    ],
)
def test_gradients_pass_the_numerical_check(options: dict):
    case = make(seed=3, groups=1, share=2, queries=3, sources=5, panel=20, **options).trained()

    def results(query: Tensor, key: Tensor, value: Tensor, weights: Tensor) -> tuple[Tensor, ...]:
        changed = Case(type(case.problem)(**{**vars(case.problem), "query": query, "key": key}), value, weights, 20, 20)
        found = everything(changed, lse=False)
        return found.out, found.received, found.entropy, found.max

    tensors = (case.problem.query, case.problem.key, case.value, case.weights)
    assert torch.autograd.gradcheck(results, tensors, fast_mode=True)


@pytest.mark.parametrize("options", [{}, {"causal": True, "seen": True}, {"window": 5}])
def test_gradients_in_single_precision(options: dict):
    case = make(spread=1.5, queries=211, sources=223, panel=9000, **options).to(torch.float32).trained()
    found, expected = everything(case), truth(case)
    exact = gradients(expected, case, ("out", "received", "entropy"))
    for each, wanted in zip(gradients(found, case, ("out", "received", "entropy")), exact, strict=True):
        assert (each - wanted).abs().max() <= 1e-5 * wanted.abs().max()


@pytest.mark.parametrize("backend", ["panel", "second_pass"])
def test_every_backend_has_gradients(backend: str):
    case = make(causal=True).trained()
    found = joint(case.problem, case.value, weights=case.weights, backend=backend)
    expected = truth(case)
    noise = torch.randn_like(expected.received)
    ours = torch.autograd.grad((found.received * noise).sum() + found.out.sum(), case.tensors)
    close(ours, torch.autograd.grad((expected.received * noise).sum() + expected.out.sum(), case.tensors), 1e-11)


def test_padded_memory_may_hold_anything_and_gets_no_gradient():
    slopes = []
    for filling in (0.0, torch.nan):
        case = make(seen=True, asked=True, empty=True)
        case.problem.query.mT.masked_fill_(~case.problem.asked[:, None, None], filling)
        for each in (case.problem.key, case.value):
            each.mT.masked_fill_(~case.problem.seen[:, None, None], filling)
        case = case.trained()
        slopes.append(gradients(everything(case), case))
        query, key, value = slopes[-1][0], slopes[-1][1], slopes[-1][2]
        assert not query.mT[(~case.problem.asked)[:, None, None].expand_as(query.mT)].any()
        for each in (key, value):
            assert not each.mT[(~case.problem.seen)[:, None, None].expand_as(each.mT)].any()
    assert all(map(torch.equal, *slopes))


def test_half_precision_gradients_are_those_of_the_exact_weights():
    case = make(spread=2.0).to(torch.bfloat16).trained()
    found = joint(case.problem, weights=case.weights)
    noise = torch.randn(found.received.shape)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = torch.autograd.grad((found.received * noise).sum(), case.problem.query)[0]
    exact = torch.autograd.grad((truth(case).received * noise).sum(), case.problem.query)[0]
    assert ours.dtype == torch.bfloat16
    # The truth is rounded to half precision once, and so are we.
    torch.testing.assert_close(ours, exact, rtol=2**-7, atol=1e-5 * float(exact.abs().max()))


def test_gradients_are_repeatable_to_the_last_bit():
    case = make(seen=True, causal=True).to(torch.float32).trained()
    assert all(map(torch.equal, gradients(everything(case), case), gradients(everything(case), case)))


def test_a_second_derivative_is_refused():
    case = make().trained()
    received = joint(case.problem, weights=case.weights).received
    (slope,) = torch.autograd.grad(received.square().sum(), case.problem.query, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


def test_top_weights_come_with_indices_and_without_gradient():
    case = make().trained()
    found = joint(case.problem, top=3, maximum=True)
    assert not found.top_values.requires_grad
    assert found.max.requires_grad
    torch.testing.assert_close(found.top_values[..., 0], found.max)


def test_without_need_there_is_no_graph():
    case = make().trained()
    with torch.no_grad():
        assert not joint(case.problem, weights=case.weights).received.requires_grad
    assert not joint(make().problem, lse=True).lse.requires_grad


def test_a_tensor_changed_before_the_backward_pass_is_noticed():
    case = make().trained()
    received = joint(case.problem, weights=case.weights).received
    with torch.no_grad():
        case.problem.key.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        received.sum().backward()
