"""What Nystrom attention does beyond the contract: where it is softmax attention, and its pseudo-inverse."""

import pytest
import torch

from salience.attention import MultiHead, Nystrom
from salience.attention.nystrom import pseudo_inverse
from salience.core.batch import Layout
from salience.core.errors import ConfigError

WIDTH, HEADS = 14, 2


def pair(landmarks: int) -> tuple[Nystrom, MultiHead]:
    """The same projections, mixed by landmarks and by softmax, with scores far enough apart to invert."""
    near = Nystrom(WIDTH, heads=HEADS, landmarks=landmarks, iterations=30).double()
    exact = MultiHead(WIDTH, heads=HEADS).double()
    with torch.no_grad():
        near.query.weight.copy_(3 * torch.eye(WIDTH))
        near.key.weight.copy_(near.query.weight)
    exact.load_state_dict(near.state_dict())
    return near, exact


@pytest.mark.parametrize("lengths", [[7, 5, 1, 0], [3, 7, 2, 6]])
def test_as_many_landmarks_as_positions_give_softmax_attention(lengths: list[int]):
    near, exact = pair(landmarks=7)
    values = torch.randn(len(lengths), 7, WIDTH, dtype=torch.float64)
    layout = Layout(torch.tensor(lengths), 7)
    (found, record), (expected, expected_record) = near(values, layout=layout), exact(values, layout=layout)
    torch.testing.assert_close(found[layout.mask], expected[layout.mask], rtol=1e-7, atol=1e-8)
    torch.testing.assert_close(record.weights(), expected_record.weights(), rtol=1e-7, atol=1e-8)


def test_neighbours_that_are_all_alike_lose_nothing():
    near, exact = pair(landmarks=5)
    values = torch.randn(1, 5, WIDTH, dtype=torch.float64).repeat_interleave(3, dim=1)
    layout = Layout(torch.tensor([15]), 15)
    torch.testing.assert_close(near(values, layout=layout)[0], exact(values, layout=layout)[0], rtol=1e-7, atol=1e-8)


def test_the_iteration_nears_the_pseudo_inverse():
    matrix = (3 * torch.randn(2, 3, 5, 7, dtype=torch.float64)).softmax(dim=-1)
    matrix[0, :, 3:] = 0
    matrix[1, :, :, 2:4] = 0
    found = pseudo_inverse(matrix, iterations=40)
    torch.testing.assert_close(found, torch.linalg.pinv(matrix), rtol=1e-8, atol=1e-8)
    assert not found[0, :, :, 3:].any()
    assert not found[1, :, 2:4].any()


@pytest.mark.parametrize("options", [{"landmarks": 0}, {"iterations": 0}])
def test_no_landmarks_or_no_iterations_are_an_error(options: dict[str, int]):
    with pytest.raises(ConfigError, match=r"at least one landmark and one iteration, got [\s\S]*raise `landmarks`"):
        Nystrom(WIDTH, heads=HEADS, **options)
