"""Positions: computed by hand, then what makes each of them what it is."""

import doctest
import math

import pytest
import torch

from salience.core.errors import ConfigError, DataError
from salience.models import position
from salience.models.position import Learned, Rotary, Sinusoidal


def turn(heads: torch.Tensor) -> torch.Tensor:
    return Rotary(heads.shape[-1])(heads, heads)[0]


def test_sinusoidal_by_hand() -> None:
    found = Sinusoidal(4)(torch.ones(1, 3, 4, dtype=torch.float64))
    slow = 2 / 10_000**0.5
    expected = [1 + math.sin(2), 1 + math.cos(2), 1 + math.sin(slow), 1 + math.cos(slow)]
    torch.testing.assert_close(found[0, 2], torch.tensor(expected, dtype=torch.float64))
    assert found[0, 0].tolist() == [1.0, 2.0, 1.0, 2.0]


def test_rotary_by_hand() -> None:
    found = turn(torch.tensor([[[[0.0, 1.0]] * 3]], dtype=torch.float64))
    expected = torch.tensor([[0.0, 1.0], [-math.sin(1), math.cos(1)], [-math.sin(2), math.cos(2)]], dtype=torch.float64)
    torch.testing.assert_close(found[0, 0], expected)


def test_rotary_products_depend_on_distance_only() -> None:
    query, key = torch.randn(2, 6, dtype=torch.float64)
    queries, keys = Rotary(6)(query.expand(1, 1, 11, 6), key.expand(1, 1, 11, 6))
    products = queries[0, 0] @ keys[0, 0].T  # [11, 11]
    for distance in (0, 1, 5):
        along = products.diagonal(distance)
        torch.testing.assert_close(along, along[:1].expand_as(along))


def test_rotary_keeps_lengths() -> None:
    heads = torch.randn(3, 2, 7, 4, dtype=torch.float64)
    torch.testing.assert_close(turn(heads).norm(dim=-1), heads.norm(dim=-1))


def test_learned_positions_learn() -> None:
    positions = Learned(5, longest=7)
    positions(torch.zeros(2, 3, 5)).sum().backward()
    assert positions.table.grad is not None
    assert positions.table.grad[:3].eq(2).all()
    assert positions.table.grad[3:].eq(0).all()


def test_too_many_positions_are_refused() -> None:
    with pytest.raises(DataError, match="at most 7 positions, got 8"):
        Learned(5, longest=7)(torch.zeros(1, 8, 5))


@pytest.mark.parametrize("kind", [Sinusoidal, Rotary])
def test_an_odd_width_is_refused(kind) -> None:
    with pytest.raises(ConfigError, match="expected an even width, got 3"):
        kind(3)


@pytest.mark.parametrize("kind", [Sinusoidal, Rotary])
def test_far_positions_stay_exact_in_half_precision(kind) -> None:
    start = torch.tensor([1.0, 0.0]).expand(1, 1, 3001, 2)
    apply = turn if kind is Rotary else lambda heads: Sinusoidal(2)(heads[0])
    difference = (apply(start.bfloat16()).double() - apply(start.double())).abs().max()
    assert difference <= 2**-7  # one rounding of a number up to two, in bfloat16


def test_the_examples_are_right() -> None:
    assert doctest.testmod(position).failed == 0
