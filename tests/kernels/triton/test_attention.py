"""The differentiable function over the kernels, by the interpreter: gradients through autograd, and what it refuses."""

from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from tests.kernels.triton import cases, compare


def test_everything_and_its_gradients_pass_through_autograd(interpreted: dict[str, Any]):
    expected = asdict(cases.expected(cases.plain()))
    assert interpreted["through_autograd"]
    for field, found in interpreted["through_autograd"].items():
        compare.close(found, expected[field], compare.EXACT, field)


def test_received_alone_needs_no_value(interpreted: dict[str, Any]):
    case = cases.plain()
    nothing = {name: torch.zeros_like(getattr(case, name)) for name in ("out_slope", "entropy_slope", "lse_slope")}
    expected = asdict(cases.expected(replace(case, **nothing)))
    assert interpreted["received_alone"]
    for field, found in interpreted["received_alone"].items():
        compare.close(found, expected[field], compare.EXACT, field)


def test_what_was_not_asked_for_is_not_there(interpreted: dict[str, Any]):
    assert interpreted["nothing_asked"] == [True] * 4


def test_nothing_to_look_at_and_nobody_to_look_give_zeros(interpreted: dict[str, Any]):
    no_sources, no_queries = interpreted["empty"]
    assert no_sources["out"].shape == (1, 2, 3, 16)
    assert no_sources["received"].shape == (1, 2, 1, 0)
    assert (no_sources["lse"] == -torch.inf).all()
    assert no_queries["received"].shape == (1, 2, 1, 5)
    for name in ("out", "received", "entropy", "query", "key"):
        assert not no_sources[name].any()
        assert not no_queries[name].any()


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("top", "do not look for the top sources of a row\n  to do: ask for the backend 'panel'"),
        ("slope of bias", "no gradient for the bias\n  to do: ask for the backend 'panel', or detach the bias"),
        ("slope of maximum", "no gradient for the largest weight of a row\n  to do: ask for the backend 'panel'"),
        ("double precision", "the query is in torch.float64\n  to do: convert query, key and value"),
        ("far apart", "count places of one head in 32 bits, and the query has more\n  where: shape (1, 1, 3, 16)"),
        ("too wide", "hold heads up to 128 wide, and these are 129 wide\n  to do: ask for another backend"),
    ],
)
def test_what_the_kernels_cannot_do_is_an_error_that_names_what_can(interpreted: dict[str, Any], case: str, text: str):
    assert text in interpreted["errors"][case]
