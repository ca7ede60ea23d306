"""One trial: train a small model on a planted task, and measure it on inputs it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.stats import binomtest
from torch import nn
from torch.nn import functional as F

from benchmarks.planted.reader import Reader
from benchmarks.planted.tasks import Task

BATCH, UNSEEN = 64, 200
# Inputs to be measured are drawn with seeds that no training starts from.
APART = 10_000


@dataclass(frozen=True)
class Found:
    """How many of the unseen inputs were answered right, and where the highest importance fell."""

    right: int
    hit: int
    both: int
    #: The share of planted elements: how often a random importance is highest on one.
    luck: float


def train(reader: Reader, task: Task, *, seed: int, steps: int, size: int, rate: float) -> Reader:
    """The reader after learning from inputs that are drawn anew at every step."""
    chance = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(reader.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(steps):
        inputs = task(BATCH, chance, size=size)
        optimiser.zero_grad()
        F.cross_entropy(reader(inputs).raw, inputs.answer).backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return reader.eval()


@torch.no_grad()
def measure(reader: Reader, task: Task, *, seed: int, size: int) -> Found:
    """What the reader makes of 200 inputs that it has not seen."""
    inputs = task(UNSEEN, torch.Generator().manual_seed(APART + seed), size=size)
    reading = reader(inputs)
    highest = reading.importance().masked_fill(~inputs.layout.mask, -torch.inf).argmax(dim=1, keepdim=True)
    hit = inputs.planted.gather(1, highest)[:, 0]
    right = reading.raw.argmax(dim=1) == inputs.answer
    luck = inputs.planted.sum(dim=1) / inputs.layout.lengths
    return Found(int(right.sum()), int(hit.sum()), int((right & hit).sum()), float(luck.mean()))


def interval(successes: int, *, of: int = UNSEEN) -> tuple[float, float]:
    """The exact (Clopper-Pearson) 95 % interval of a share."""
    between = binomtest(successes, of).proportion_ci(confidence_level=0.95, method="exact")
    return float(between.low), float(between.high)
