"""The differentiable function over the kernels, by the interpreter: gradients through autograd, and what it refuses."""

from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from tests.kernels.triton import cases, compare


def test_everything_and_its_gradients_pass_through_autograd(interpreted: dict[str, Any]):
    expected = asdict(cases.expected(cases.plain()))
    for field, found in interpreted["through_autograd"].items():
        compare.close(found, expected[field], compare.EXACT, field)


def test_received_alone_needs_no_value(interpreted: dict[str, Any]):
    case = cases.plain()
    nothing = {name: torch.zeros_like(getattr(case, name)) for name in ("out_slope", "entropy_slope", "lse_slope")}
    expected = asdict(cases.expected(replace(case, **nothing)))
    for field, found in interpreted["received_alone"].items():
        compare.close(found, expected[field], compare.EXACT, field)


def test_what_was_not_asked_for_is_not_there(interpreted: dict[str, Any]):
    assert interpreted["nothing_asked"] == [True] * 4


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("top", "do not look for the top sources of a row\n  to do: ask for the backend 'panel'"),
        ("slope of bias", "no gradient for the bias\n  to do: ask for the backend 'panel', or detach the bias"),
        ("slope of maximum", "no gradient for the largest weight of a row\n  to do: ask for the backend 'panel'"),
        ("double precision", "the query is in torch.float64\n  to do: convert query, key and value"),
        ("too wide", "hold heads up to 128 wide, and these are 129 wide\n  to do: ask for another backend"),
    ],
)
def test_what_the_kernels_cannot_do_is_an_error_that_names_what_can(interpreted: dict[str, Any], case: str, text: str):
    assert text in interpreted["errors"][case]
