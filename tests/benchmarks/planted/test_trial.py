from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.planted import tasks, trial
from benchmarks.planted.reader import Average, Reader
from benchmarks.planted.things import RED
from salience.core.record import Dense


class Oracle(nn.Module):
    """Looks at what it is told to look at."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, values: torch.Tensor, *, layout):
        return torch.zeros_like(values), Dense(self.weights[:, None], layout.lengths)


def test_the_interval_is_that_of_clopper_and_pearson() -> None:
    # Of 200 without a failure the lower end is the 200th root of 0.025.
    assert trial.interval(200) == pytest.approx((0.025 ** (1 / 200), 1.0))
    assert trial.interval(0) == pytest.approx((0.0, 1 - 0.025 ** (1 / 200)))


def test_hits_are_counted_where_the_record_is_highest() -> None:
    inputs = tasks.image(trial.UNSEEN, torch.Generator().manual_seed(trial.APART), size=25)
    hits = inputs.planted.float()[:, None].expand(-1, 25, -1).clone()
    reader = Reader(lambda width: Oracle(hits))
    assert trial.measure(reader, tasks.image, seed=0, size=25).hit == trial.UNSEEN
    hits[:50] = -hits[:50]
    # A weight below zero counts by its size.
    assert trial.measure(reader, tasks.image, seed=0, size=25).hit == trial.UNSEEN
    hits[:50] = inputs.layout.mask[:50, None].float() * (inputs.colour[:50, None] != RED)
    assert trial.measure(reader, tasks.image, seed=0, size=25).hit == trial.UNSEEN - 50


def test_padding_is_never_the_highest() -> None:
    hits = torch.ones(trial.UNSEEN, 25, 25)
    hits[:, :, -1] = 9.0
    inputs = tasks.image(trial.UNSEEN, torch.Generator().manual_seed(trial.APART), size=25)
    found = trial.measure(Reader(lambda width: Oracle(hits)), tasks.image, seed=0, size=25)
    whole = inputs.layout.lengths == 25
    first, last = inputs.planted[:, 0] & ~whole, inputs.planted[:, -1] & whole
    assert found.hit == int((first | last).sum())


def test_luck_is_the_share_of_what_is_planted() -> None:
    inputs = tasks.film(trial.UNSEEN, torch.Generator().manual_seed(trial.APART), size=36)
    found = trial.measure(Reader(Average), tasks.film, seed=0, size=36)
    assert found.luck == pytest.approx(float((1 / inputs.layout.lengths).mean()))


def test_the_same_seed_learns_the_same() -> None:
    def weights() -> torch.Tensor:
        torch.manual_seed(3)
        reader = trial.train(Reader(Average), tasks.sequence, seed=3, steps=3, size=12, rate=0.01)
        return reader.embed.weight

    assert torch.equal(weights(), weights())
