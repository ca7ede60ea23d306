"""Level and scale of a window."""

from __future__ import annotations

import torch

from salience.models.networks.instance import Instance


def test_level_and_scale_are_taken_and_given_back() -> None:
    windows = torch.tensor([[[1.0, 3.0], [5.0, 5.0]]], dtype=torch.float64)
    instance = Instance.of(windows)
    taken = instance.taken(windows)
    torch.testing.assert_close(taken[0, 0], torch.tensor([-1.0, 1.0]).double() / 1.00001**0.5)
    assert taken[0, 1].tolist() == [0, 0]
    torch.testing.assert_close(instance.given(taken[..., None], (0, 1))[..., 0], windows)


def test_targets_are_given_their_own_level_in_their_order() -> None:
    instance = Instance.of(torch.tensor([[[1.0, 3.0], [5.0, 5.0]]]))
    assert instance.given(torch.zeros(1, 2, 1, 1), (1, 0)).flatten().tolist() == [5, 2]
