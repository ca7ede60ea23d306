"""Records of places: points share their weight among positions, and lose what falls outside."""

import torch

from salience.core.batch import Layout
from salience.core.record import Dense
from salience.kernels.points import Points
from salience.kernels.sample import read

B, H, P = 3, 2, 5
GRID, LAYOUT = (3, 7), Layout(torch.tensor([21, 14, 0]), 21, grid=(3, 7))


def record() -> Points:
    places = torch.rand(B, H, 21, P, 2, dtype=torch.float64) * torch.tensor([5.0, 9.0]) - 1
    weights = torch.rand(B, H, 21, P, dtype=torch.float64).softmax(-1)
    return Points(places, weights, layout=LAYOUT, grid=GRID)


def test_rows_by_hand():
    # Of three positions: two points, one between the first two, one half outside.
    places = torch.tensor([[0.25], [2.5]]).expand(1, 1, 3, 2, 1)
    weights = torch.tensor([0.5, 0.5]).expand(1, 1, 3, 2)
    points = Points(places, weights, layout=Layout(torch.tensor([3]), 3), grid=(3,))
    assert points.rows(torch.tensor([1])).tolist() == [[[[0.375, 0.125, 0.25]]]]
    assert not points.normalised
    assert points.places.shape == (1, 1, 3, 2, 1)
    assert points.point_weights[0, 0, 0].tolist() == [0.5, 0.5]


def test_rows_are_what_reading_does():
    points = record()
    values = torch.randn(B, H, 21, 3, dtype=torch.float64)
    torch.testing.assert_close(points.weights() @ values, read(values, *points.sampled()), rtol=1e-12, atol=1e-13)


def test_padding_neither_looks_nor_is_looked_at():
    points = record()
    assert not points.point_weights[1, :, 14:].any()
    assert not points.weights()[1, :, 14:].any()
    assert not points.weights()[1, :, :, 14:].any()
    assert not points.weights()[2].any()


def test_statistics_equal_those_of_the_full_weights():
    points = record()
    full = Dense(points.weights(), points.asked)
    torch.testing.assert_close(points.received(), full.received())
    torch.testing.assert_close(points.entropy(), full.entropy())
    torch.testing.assert_close(points.top(4)[0], full.top(4)[0])


def test_some_rows_are_found_without_the_others():
    points = record()
    index = torch.tensor([20, 3, 20])
    torch.testing.assert_close(points.rows(index), points.weights()[:, :, index])
