"""What space-time attention does beyond the contract: its two limits, its memory, and grids that cannot be."""

import pytest
import torch

from salience.attention import SpaceTime
from salience.core.batch import Layout
from salience.core.errors import DataError
from tests.attention.test_additive import Largest

WIDTH, HEADS = 14, 2


def values(size: int) -> torch.Tensor:
    return torch.randn(1, size, WIDTH, dtype=torch.float64)


def layout(*grid: int) -> Layout:
    size = torch.Size(grid).numel()
    return Layout(torch.tensor([size]), size, grid=grid)


def test_a_query_sees_other_places_in_other_frames():
    mechanism, given = SpaceTime(WIDTH, heads=HEADS).double(), values(15)
    out, record = mechanism(given, layout=layout(5, 3))
    assert record.weights().all()
    changed = given.clone()
    changed[:, 14] += 1
    assert (mechanism(changed, layout=layout(5, 3))[0] - out).abs().amax(dim=-1).min() > 1e-6


def test_frames_of_one_place_are_a_sequence_and_one_frame_is_a_picture():
    mechanism, given = SpaceTime(WIDTH, heads=HEADS).double(), values(7)

    def softmax(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        query, key = (each.unflatten(-1, (HEADS, -1)).transpose(1, 2) for each in (queries, keys))
        return (query @ key.mT / (WIDTH // HEADS) ** 0.5).softmax(dim=-1)

    _, record = mechanism(given, layout=layout(7, 1))
    expected = softmax(mechanism.query(given), mechanism.key(given))
    torch.testing.assert_close(record.weights(), expected, rtol=1e-12, atol=1e-13)
    _, record = mechanism(given, layout=layout(1, 7))
    # In one frame there is nothing to mix along time.
    kept = mechanism.value(given)
    expected = softmax(mechanism.place_query(kept), mechanism.place_key(kept))
    torch.testing.assert_close(record.weights(), expected, rtol=1e-12, atol=1e-13)


def test_neither_output_nor_received_makes_the_matrix():
    frames, places = 41, 43
    mechanism = SpaceTime(WIDTH, heads=HEADS)
    with Largest() as largest, torch.no_grad():
        _, record = mechanism(values(frames * places).float(), layout=layout(frames, places))
        record.received()
    assert largest.numel <= HEADS * frames * places * max(frames, places, WIDTH)


def test_a_sequence_is_an_error():
    for grid in (None, (6,)):
        sequence = Layout(torch.tensor([6]), 6, grid=grid)
        with pytest.raises(DataError, match=r"a grid of time and at least one more axis, got [\s\S]*or use Temporal"):
            SpaceTime(WIDTH, heads=HEADS)(values(6).float(), layout=sequence)


def test_examples_end_with_a_frame():
    cut = Layout(torch.tensor([5]), 6, grid=(2, 3))
    with pytest.raises(DataError, match=r"lengths \[5\] are not all multiples of 3[\s\S]*SpaceTime"):
        SpaceTime(WIDTH, heads=HEADS)(values(6).float(), layout=cut)
