"""How far an answer of the interpreter is from dense attention in float64."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from tests.kernels.triton import cases

# Of the largest number. Half precision rounds outputs and slopes to eleven bits, and sharp scores are a test of their
# own.
TOLERANCE = {"half": 1e-3, "causal window in half": 1e-3}
EXACT = 1e-6
NAMES = [name for name in cases.CASES if name != "sharp"]


def same(interpreted: dict[str, Any], name: str, *fields: str) -> None:
    """These fields are those of the dense reference, with infinities at the same places."""
    expected = asdict(cases.expected(cases.CASES[name]()))
    for field in fields:
        close(interpreted["answers"][name][field], expected[field], TOLERANCE.get(name, EXACT), field)


def close(found: Tensor, expected: Tensor, tolerance: float, what: str) -> None:
    assert found.shape == expected.shape, what
    finite = expected.isfinite()
    assert torch.equal(found[~finite].double(), expected[~finite].double()), what
    distance = error(found, expected)
    assert distance <= tolerance * max(1e-3, expected[finite].abs().max().item()), (what, distance)


def error(found: Tensor, expected: Tensor) -> float:
    finite = expected.isfinite()
    return (found.double()[finite] - expected.double()[finite]).abs().max().item()
