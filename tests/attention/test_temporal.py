"""What temporal attention does beyond the contract: units and origins of time, precision, and times that cannot be."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from salience.attention import Temporal
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from tests.attention.test_additive import Largest

WIDTH, HEADS, S = 14, 2, 7
TIMES = torch.tensor([[0.0, 0.5, 2.0, 2.0, 3.5, 7.0, 7.25]], dtype=torch.float64)
LAYOUT = Layout(torch.tensor([S]), S, times=TIMES)

either = pytest.mark.parametrize("causal", [False, True])


def forgetful(*, causal: bool, unit: float = 1.0) -> Temporal:
    """Nothing but time counts, and a weight halves in each unit."""
    mechanism = Temporal(WIDTH, heads=HEADS, causal=causal, unit=unit).double()
    for each in (mechanism.query.weight, mechanism.rate):
        nn.init.zeros_(each)
    return mechanism


def weights(mechanism: Temporal, layout: Layout = LAYOUT) -> torch.Tensor:
    values = torch.randn(1, layout.size, WIDTH, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return mechanism(values, layout=layout)[1].weights()[0]


@either
def test_a_weight_halves_in_each_unit(causal: bool):
    expected = 0.5 ** (TIMES[0, :, None] - TIMES[0]).abs()
    expected = expected.tril() if causal else expected
    expected = expected / expected.sum(dim=-1, keepdim=True)
    for found in weights(forgetful(causal=causal)):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-15)


@either
def test_origin_and_unit_of_times_do_not_matter(causal: bool):
    mechanism = Temporal(WIDTH, heads=HEADS, causal=causal).double()
    hours = copy.deepcopy(mechanism)
    hours.unit = 3600.0
    # Seconds since 1970.
    late = replace(LAYOUT, times=1.7e9 + 3600 * TIMES)
    torch.testing.assert_close(weights(hours, late), weights(mechanism), rtol=1e-9, atol=1e-12)


@either
def test_without_times_positions_count(causal: bool):
    mechanism = Temporal(WIDTH, heads=HEADS, causal=causal).double()
    counted = replace(LAYOUT, times=torch.arange(S, dtype=torch.float64)[None])
    uncounted = replace(LAYOUT, times=None)
    torch.testing.assert_close(weights(mechanism, uncounted), weights(mechanism, counted), rtol=1e-12, atol=1e-15)


@either
def test_times_of_padding_do_not_matter(causal: bool):
    mechanism = Temporal(WIDTH, heads=HEADS, causal=causal).double()
    short = replace(LAYOUT, lengths=torch.tensor([3]))
    strange = replace(short, times=TIMES.where(short.mask, torch.nan))
    assert torch.equal(weights(mechanism, strange), weights(mechanism, short))


def test_unless_causal_times_may_stand_in_any_order():
    mechanism, order = forgetful(causal=False), torch.randperm(S)
    moved = weights(mechanism, replace(LAYOUT, times=TIMES[:, order]))
    torch.testing.assert_close(moved, weights(mechanism)[:, order][..., order], rtol=1e-12, atol=1e-15)


def test_rates_begin_as_the_slopes_of_linear_biases():
    rate = nn.functional.softplus(Temporal(8, heads=4).rate)
    torch.testing.assert_close(rate, torch.tensor([1 / 4, 1 / 16, 1 / 64, 1 / 256]))


@either
def test_half_precision_keeps_neighbours_apart_in_long_histories(causal: bool):
    size = 997
    mechanism, layout = forgetful(causal=causal).float(), Layout(torch.tensor([size]), size)
    values = torch.randn(1, size, WIDTH).bfloat16()
    exact, _ = mechanism(values.float(), layout=layout)
    out, record = copy.deepcopy(mechanism).bfloat16()(values, layout=layout)
    # Some roundings of numbers near one; scores near 997 log 2 are rounded to multiples of 4.
    assert (out.float() - exact).abs().max() < 8 * 2**-8
    last = record.rows(torch.tensor([size - 1]))[0, 0, 0]
    torch.testing.assert_close(last[-3:], torch.tensor([1 / 8, 1 / 4, 1 / 2]), rtol=1e-2, atol=0)


def test_causal_attention_makes_no_matrix():
    size = 1009
    mechanism = Temporal(WIDTH, heads=HEADS, causal=True)
    with Largest() as largest, torch.no_grad():
        mechanism(torch.randn(1, size, WIDTH), layout=Layout(torch.tensor([size]), size))
    assert largest.numel <= size * (WIDTH + HEADS)


def test_times_that_fall_are_an_error_if_causal():
    falling = replace(LAYOUT, times=TIMES.clone().index_fill(1, torch.tensor([4]), 1.0))
    with pytest.raises(DataError, match=r"time of position 4 lies before that of position 3[\s\S]*sort positions"):
        weights(forgetful(causal=True), falling)


@either
def test_times_that_are_not_finite_are_an_error(causal: bool):
    missing = replace(LAYOUT, times=TIMES.clone().index_fill(1, torch.tensor([4]), torch.nan))
    with pytest.raises(DataError, match=r"times are not all finite[\s\S]*fill in or drop"):
        weights(forgetful(causal=causal), missing)


def test_times_of_other_positions_are_an_error():
    with pytest.raises(DataError, match=r"one time per position, \(1, 7\), got \(1, 6\)"):
        weights(forgetful(causal=True), replace(LAYOUT, times=TIMES[:, 1:]))


@pytest.mark.parametrize("unit", [0.0, -1.0, float("nan"), float("inf")])
def test_units_of_time_are_positive(unit: float):
    with pytest.raises(ConfigError, match=rf"positive unit of time, got {unit}[\s\S]*set `unit`"):
        Temporal(WIDTH, heads=HEADS, unit=unit)
