"""Attention in a band: by hand, then against the reference at lengths that fill blocks badly."""

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from salience.core import record
from salience.core.batch import Layout
from salience.core.record import Dense
from salience.kernels import normalise
from salience.kernels.banded import Band, banded

B, H, E = 3, 2, 5
EXACT = {"rtol": 1e-11, "atol": 1e-13}
# Exact zeros beyond a distance of 5, and another fall for each head.
BIAS = torch.where(torch.arange(-7, 8).abs() > 5, -torch.inf, -torch.arange(-7, 8).abs() * torch.tensor([[0.3], [0.1]]))
BANDS = {
    "window": Band(3),
    "wide window": Band(41),
    "wider than the sequence": Band(500),
    "causal": Band(5, causal=True),
    "tokens": Band(3, tokens=2),
    "many tokens": Band(7, tokens=43),
    "only tokens": Band(7, tokens=500),
    "bias": Band(7, bias=BIAS.double()),
    "bias and tokens": Band(7, tokens=2, bias=BIAS.double()),
    "causal bias": Band(7, bias=BIAS.double(), causal=True),
}
EVERY = pytest.mark.parametrize("band", BANDS.values(), ids=BANDS)
SIZES = pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 97])


class Largest(TorchDispatchMode):
    """Remembers the size of the largest tensor that any operation makes."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for each in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(each, Tensor):
                self.numel = max(self.numel, each.numel())
        return made


def inputs(size: int) -> tuple[Tensor, Tensor, Tensor, Layout]:
    values = (torch.randn(B, H, size, E, dtype=torch.float64, requires_grad=True) for _ in range(3))
    return *values, Layout(torch.tensor([size, 0, (size + 1) // 2]), size)


def expected(query: Tensor, key: Tensor, value: Tensor, layout: Layout, band: Band) -> tuple[Tensor, Tensor]:
    """All scores, from the words of `Band`."""
    position = torch.arange(layout.size)
    t, s = position[:, None].expand(layout.size, -1), position.expand(layout.size, -1)
    near = (t - s).abs() <= band.window
    seen = (near & (s <= t) if band.causal else near) | (s < band.tokens) | (t < band.tokens)
    seen = (seen & (torch.maximum(s, t) < layout.lengths[:, None, None]))[:, None]
    scores = query @ key.transpose(-2, -1) / E**0.5
    added = torch.zeros(H, layout.size, layout.size, dtype=torch.float64)
    if band.bias is not None:
        others = near & (s >= band.tokens) & (t >= band.tokens)
        added[:, others] = band.bias[:, (s - t)[others] + band.window]
    weights = normalise.softmax(scores + added, seen)
    return weights @ value, weights


def test_by_hand():
    query = torch.zeros(1, 1, 4, 1)
    value = torch.tensor([1.0, 10.0, 100.0, 1000.0]).view(1, 1, 4, 1)
    out, record = banded(query, query, value, layout=Layout(torch.tensor([4]), 4), band=Band(1))
    torch.testing.assert_close(out.flatten(), torch.tensor([5.5, 37.0, 370.0, 550.0]))
    torch.testing.assert_close(record.received().flatten(), torch.tensor([5, 7, 7, 5]) / 6 / 4)


@SIZES
@EVERY
def test_output_weights_and_gradients_equal_the_reference(band: Band, size: int):
    query, key, value, layout = inputs(size)
    out, found = banded(query, key, value, layout=layout, band=band)
    wanted, weights = expected(query, key, value, layout, band)
    torch.testing.assert_close(out, wanted, **EXACT)
    torch.testing.assert_close(found.weights(), weights, **EXACT)
    mix = torch.randn_like(out)
    slopes = [
        torch.autograd.grad((each * mix).sum(), (query, key, value), materialize_grads=True) for each in (out, wanted)
    ]
    torch.testing.assert_close(*slopes, **EXACT)


@pytest.mark.parametrize("most", [None, 200])
@EVERY
def test_statistics_of_the_band_equal_those_of_the_weights(band: Band, most: int | None, monkeypatch):
    query, key, value, layout = inputs(97)
    _, found = banded(query, key, value, layout=layout, band=band)
    dense = Dense(found.weights(), layout.lengths)
    asked = torch.rand(B, 97, dtype=torch.float64)
    wanted = dense.received(), dense.received(asked), dense.entropy(), dense.top(11)[0]
    if most is not None:
        monkeypatch.setattr(record, "BLOCK", most * B * H)
    torch.testing.assert_close((found.received(), found.received(asked), found.entropy(), found.top(11)[0]), wanted)
    values, indices = found.top(11)
    torch.testing.assert_close(found.weights().gather(-1, indices), values, **EXACT)
    # Each source once, where there are fewer in the band, too.
    assert (indices.sort(dim=-1).values.diff(dim=-1) > 0).all()


def test_statistics_have_the_gradients_of_the_weights():
    query, key, value, layout = inputs(97)
    _, found = banded(query, key, value, layout=layout, band=Band(3, tokens=2))
    dense = Dense(found.weights(), layout.lengths)
    slopes = [
        torch.autograd.grad(each.received().square().sum() + each.entropy().sum(), (query, key), retain_graph=True)
        for each in (found, dense)
    ]
    torch.testing.assert_close(*slopes, **EXACT)


def test_a_bias_learns():
    query, key, value, layout = inputs(37)
    bias = torch.randn(H, 7, dtype=torch.float64, requires_grad=True)

    def attend(bias: Tensor) -> Tensor:
        out, found = banded(query.detach(), key.detach(), value.detach(), layout=layout, band=Band(3, bias=bias))
        return out.square().sum() + found.received().square().sum()

    assert torch.autograd.gradcheck(attend, bias)


@pytest.mark.parametrize("band", [Band(8), Band(8, tokens=3), Band(8, causal=True)])
def test_memory_grows_with_the_window_and_not_with_the_square(band: Band):
    size = 4096
    query, key, value = (torch.randn(1, 1, size, E) for _ in range(3))
    with Largest() as largest:
        _, found = banded(query, key, value, layout=Layout(torch.tensor([size]), size), band=band)
        for look in (found.received, found.entropy, lambda: found.top(3)):
            look()
    # Blocks of 32 queries and the 8 before and after them.
    assert largest.numel <= size * (32 + 2 * 8 + band.tokens)
