"""The public functions: what they compute, what weights mean, and every error they tell."""

import doctest
import importlib

import pytest
import torch
from torch.nn import functional as F

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.kernels import attention_importance, scaled_dot_product_attention_with_importance
from tests.kernels.problems import Case, make, truth

B, H, G, T, S, E = 2, 6, 2, 37, 41, 5


def call(case: Case, **options):
    problem = case.problem
    return attention_importance(
        problem.query,
        problem.key,
        key_padding_mask=problem.seen,
        query_padding_mask=problem.asked,
        is_causal=problem.causal,
        window=problem.window,
        bias=problem.bias,
        scale=problem.scale,
        enable_gqa=True,
        **options,
    )


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def test_everything_equals_the_reference():
    case = make(seen=True, asked=True, causal=True, window=17, bias=(False, True, False))
    asked = ("received", "entropy", "max", "top", "lse")
    found = call(case, value=case.value, reduce=asked, query_weights=case.weights, top_k=3)
    expected = truth(case)
    for name in ("out", "received", "entropy", "max", "lse"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.top_values, expected.weights.topk(3).values, rtol=1e-9, atol=1e-12)
    assert found.top_indices.shape == found.top_values.shape


@pytest.mark.parametrize("padded", [False, True])
def test_by_default_it_is_the_mean_over_real_queries(padded: bool):
    case = make(asked=padded)
    weights, real = truth(case).weights, torch.ones(B, T) if case.problem.asked is None else case.problem.asked
    expected = weights.sum(dim=2) / real.sum(dim=1)[:, None, None]
    torch.testing.assert_close(call(case).received, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "full"),
    [
        ((T,), (1, 1, 1, T)),
        ((B, T), (B, 1, 1, T)),
        ((B, H, T), (B, H, 1, T)),
        ((B, 1, T), (B, 1, 1, T)),
        ((1, 1, 3, T), (1, 1, 3, T)),
        ((B, 1, 3, T), (B, 1, 3, T)),
        ((B, H, 3, T), (B, H, 3, T)),
    ],
)
def test_query_weights_of_every_shape(shape: tuple[int, ...], full: tuple[int, ...]):
    case, weights = make(), torch.rand(shape, dtype=torch.float64)
    received = call(case, query_weights=weights).received
    expected = weights.view(full).expand(B, H, -1, T) @ truth(case).weights
    torch.testing.assert_close(received, expected if len(shape) == 4 else expected[:, :, 0], rtol=1e-9, atol=1e-12)


def test_a_given_lse_leaves_only_the_second_pass():
    case = make(seen=True, causal=True)
    lse = call(case, reduce=("lse",)).lse
    expected = call(case, query_weights=case.weights).received
    torch.testing.assert_close(call(case, query_weights=case.weights, lse=lse).received, expected)


def test_output_is_that_of_torch_and_received_comes_with_it():
    query, key, value = random(B, H, T, E), random(B, H, T, E), random(B, H, T, E)
    out, received = scaled_dot_product_attention_with_importance(query, key, value, is_causal=True)
    torch.testing.assert_close(out, F.scaled_dot_product_attention(query, key, value, is_causal=True))
    torch.testing.assert_close(received.sum(-1), torch.ones(B, H).double())


def test_attention_can_be_taught_where_to_look():
    query, key, value = (random(1, 1, 7, E).requires_grad_() for _ in range(3))
    optimiser = torch.optim.Adam([query, key], lr=0.3)
    for _ in range(40):
        _, received = scaled_dot_product_attention_with_importance(query, key, value)
        loss = -received[..., 3].log().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert received[0, 0, 3] > 0.9


@pytest.mark.parametrize("name", ["received", "entropy", "max", "top_values", "top_indices", "lse", "out"])
def test_what_was_not_asked_says_how_to_ask(name: str):
    found = call(make(), reduce=())
    message = r"output was not asked[\s\S]*give `value`" if name == "out" else r"not asked for[\s\S]*reduce=\(..., '"
    with pytest.raises(NotAvailable, match=message):
        getattr(found, name)


def test_one_reduction_needs_no_tuple():
    torch.testing.assert_close(call(make(), reduce="entropy").entropy, truth(make()).entropy)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"reduce": ("recieved",)}, ConfigError, r"no reduction 'recieved'[\s\S]*did you mean 'received'"),
        ({"backend": "pannel"}, ConfigError, r"no backend 'pannel'[\s\S]*did you mean 'panel'"),
        ({"reduce": ("top",), "top_k": 0}, ConfigError, r"top_k of at least 1, got 0"),
        (
            {"query_weights": torch.ones(3)},
            DataError,
            r"`query_weights` to be floating point of shape \(37,\), \(2, 37\)",
        ),
        (
            {"query_weights": torch.ones(2, 3, 37)},
            DataError,
            r"\(2, 3, 37\) of float32[\s\S]*several vectors need four",
        ),
        ({"query_weights": torch.tensor(1.0)}, DataError, r"query_weights \(\) of float32"),
        ({"query_weights": torch.ones(37, dtype=torch.bool)}, DataError, r"query_weights \(37,\) of bool"),
        ({"value": torch.ones(2, 2, 3, 5).double()}, DataError, r"a value for each key[\s\S]*value \(2, 2, 3, 5\)"),
        ({"value": torch.ones(2, 2, 41, 5)}, DataError, r"of the same type[\s\S]*float32"),
        (
            {"lse": torch.ones(2, 6, 37), "reduce": ("entropy",)},
            ConfigError,
            r"only what sources received[\s\S]*leave out",
        ),
        ({"lse": torch.ones(2, 6, 3)}, DataError, r"`lse` of shape \(2, 6, 37\), got \(2, 6, 3\)"),
        ({"lse": torch.ones(2, 6, 37).requires_grad_()}, ConfigError, r"there are no gradients[\s\S]*no_grad"),
    ],
)
def test_what_cannot_be_is_told(options: dict, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        call(make(), **options)


def test_heads_are_shared_only_on_request():
    problem = make().problem
    with pytest.raises(DataError, match=r"query has 6 heads, key has 2[\s\S]*enable_gqa=True"):
        attention_importance(problem.query, problem.key)


def test_dropout_is_refused():
    values = [random(1, 1, 2, 3) for _ in range(3)]
    with pytest.raises(ConfigError, match=r"dropout_p is 0.1[\s\S]*drop from the output instead"):
        scaled_dot_product_attention_with_importance(*values, dropout_p=0.1)


def test_the_examples_run():
    assert doctest.testmod(importlib.import_module("salience.kernels.importance")).failed == 0
