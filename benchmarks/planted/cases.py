"""Which mechanism is asked which planted task, and how long it may learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

from benchmarks.planted import tasks
from benchmarks.planted.reader import Average, Reader
from benchmarks.planted.trial import Found, measure, train
from salience import attention


@dataclass(frozen=True)
class Case:
    """A mechanism with its task. `why` is for a mechanism that cannot single out elements: the reason."""

    name: str
    family: str
    make: Callable[[int], nn.Module]
    task: tasks.Task = tasks.sequence
    pool: bool = False  # one learned vector asks, not the elements each other
    size: int = 24
    steps: int = 300
    rate: float = 0.01
    why: str = ""

    def trained(self, seed: int) -> Reader:
        """A reader that has learned the task; the same seed gives the same one."""
        torch.manual_seed(seed)
        reader = Reader(self.make, pool=self.pool)
        return train(reader, self.task, seed=seed, steps=self.steps, size=self.size, rate=self.rate)

    def run(self, seed: int) -> Found:
        """Train, and measure on what has not been seen."""
        return measure(self.trained(seed), self.task, seed=seed, size=self.size)

    def without_attention(self) -> Case:
        """The same reader with the mean of all elements in place of the mechanism."""
        return replace(self, make=Average)


PAIRS = "Every pair has a score"

SPARSE = "Most sources get nothing"
SHORT = "Short cuts through the scores"
GRAPHS = "Graphs"

CASES = (
    # A vector is most similar to itself, so that elements would look at themselves first.
    Case("Dot", PAIRS, attention.Dot, pool=True),
    Case("ScaledDot", PAIRS, attention.ScaledDot),
    # Among themselves every pair would pass the hidden layer; one query is what it is good for.
    Case("Additive", PAIRS, attention.Additive, pool=True),
    Case("Bilinear", PAIRS, attention.Bilinear),
    Case("MultiHead", PAIRS, attention.MultiHead),
    Case("Entmax", SPARSE, attention.Entmax),
    Case("Sparsemax", SPARSE, attention.Sparsemax),
    Case("TopK", SPARSE, attention.TopK),
    Case("Linformer", SHORT, lambda width: attention.Linformer(width, landmarks=8, longest=24)),
    Case("Nystrom", SHORT, lambda width: attention.Nystrom(width, landmarks=8)),
    Case("Linear", SHORT, attention.Linear),
    Case("GAT", GRAPHS, attention.GAT, tasks.graph),
    Case("GATv2", GRAPHS, attention.GATv2, tasks.graph),
)
