"""What mechanisms that read at places do beyond the contract: how they start, their options, and borders."""

import pytest
import torch
from torch import nn

from salience.attention import Deformable, SpatialTransformer
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError

WIDTH = 6
IMAGE = Layout(torch.tensor([35, 14]), 35, grid=(5, 7))


def test_a_spatial_transformer_starts_as_the_identity_to_the_bit():
    values = torch.randn(2, 35, WIDTH)
    out, record = SpatialTransformer(WIDTH, axes=2)(values, layout=IMAGE)
    assert torch.equal(out[IMAGE.mask], values[IMAGE.mask])
    assert torch.equal(record.weights()[0, 0], torch.eye(35))


def test_a_spatial_transformer_shifts_along_the_axis_it_is_told():
    mechanism = SpatialTransformer(WIDTH, axes=2)
    # One column of seven is 2 / 7 of the way from -1 to 1.
    nn.init.zeros_(mechanism.affine.bias)
    with torch.no_grad():
        mechanism.affine.bias[5] = 2 / 7
    values = torch.randn(2, 35, WIDTH)
    out, record = mechanism(values, layout=IMAGE)
    maps, moved = values[0].view(5, 7, WIDTH), out[0].view(5, 7, WIDTH)
    torch.testing.assert_close(moved[:, :-1], maps[:, 1:], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(moved[:, -1], torch.zeros(5, WIDTH), rtol=0, atol=1e-5)
    torch.testing.assert_close(record.weights()[0, 0].sum(-1).view(5, 7)[:, -1], torch.zeros(5), rtol=0, atol=1e-5)


def test_a_spatial_transformer_learns_to_centre_what_matters():
    # One bump on a line, at a different place in each example; the middle should hold it.
    generator = torch.Generator().manual_seed(0)
    place = 3 + 5 * torch.rand(64, 1, generator=generator)
    bumps = (-((torch.arange(11) - place) / 2).square()).exp()[..., None]
    mechanism, layout = SpatialTransformer(1, hidden=16), Layout(torch.full((64,), 11), 11)
    wanted = (-((torch.arange(11) - 5.0) / 2).square()).exp()[:, None]
    optimiser = torch.optim.Adam(mechanism.parameters(), lr=0.01)
    losses = []
    for _ in range(150):
        loss = (mechanism(bumps, layout=layout)[0] - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_deformable_attention_starts_around_each_position():
    mechanism = Deformable(WIDTH, heads=2, points=3)
    _, record = mechanism(torch.randn(1, 9, WIDTH), layout=Layout(torch.tensor([9]), 9))
    assert record.places[0, :, 4, :, 0].tolist() == [[5.0, 6.0, 7.0], [3.0, 2.0, 1.0]]
    torch.testing.assert_close(record.point_weights, torch.full((1, 2, 9, 3), 1 / 3))


def test_the_heads_of_deformable_attention_start_in_all_directions_of_an_image():
    mechanism = Deformable(8, heads=4, points=2, axes=2)
    _, record = mechanism(torch.randn(1, 35, 8), layout=Layout(torch.tensor([35]), 35, grid=(5, 7)))
    offsets = record.places[0, :, 17] - torch.tensor([2.0, 3.0])
    expected = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    torch.testing.assert_close(offsets, torch.stack([expected, 2 * expected], dim=1), rtol=0, atol=1e-6)


def test_what_deformable_attention_reads_outside_is_lost():
    mechanism = Deformable(WIDTH, heads=2, points=3)
    _, record = mechanism(torch.randn(1, 9, WIDTH), layout=Layout(torch.tensor([7]), 9))
    sums = record.weights()[0].sum(-1)
    torch.testing.assert_close(sums[0, :7], torch.tensor([1.0, 1.0, 1.0, 1.0, 2 / 3, 1 / 3, 0.0]))
    assert not sums[:, 7:].any()


def test_half_precision_does_not_round_places():
    layout = Layout(torch.tensor([1000]), 1000)
    mechanism = Deformable(WIDTH, heads=1, points=1).bfloat16()
    nn.init.constant_(mechanism.offsets.bias, 0.5)
    _, record = mechanism(torch.randn(1, 1000, WIDTH, dtype=torch.bfloat16), layout=layout)
    assert record.places[0, 0, 999, 0, 0].item() == 999.5


@pytest.mark.parametrize("made", [Deformable, SpatialTransformer])
def test_a_grid_of_other_axes_is_an_error(made: type[nn.Module]):
    layout = Layout(torch.tensor([6]), 6, grid=(1, 2, 3))
    with pytest.raises(DataError, match=rf"{made.__name__} attention was made for a grid of 1 axes[\s\S]*axes=3"):
        made(8)(torch.randn(1, 6, 8), layout=layout)


@pytest.mark.parametrize("made", [Deformable, SpatialTransformer])
def test_three_axes_are_an_error(made: type[nn.Module]):
    with pytest.raises(ConfigError, match=rf"1 to 2 axes, got 3[\s\S]*{made.__name__}"):
        made(8, axes=3)


@pytest.mark.parametrize("heads", [0, 4])
def test_heads_must_divide_the_width(heads: int):
    with pytest.raises(ConfigError, match=rf"a width of 6 cannot be shared by {heads} heads"):
        Deformable(WIDTH, heads=heads)


def test_no_points_are_an_error():
    with pytest.raises(ConfigError, match=r"at least one point, got 0[\s\S]*raise `points`"):
        Deformable(WIDTH, heads=2, points=0)


def test_no_hidden_units_are_an_error():
    with pytest.raises(ConfigError, match=r"at least one hidden unit, got 0[\s\S]*raise `hidden`"):
        SpatialTransformer(WIDTH, hidden=0)
