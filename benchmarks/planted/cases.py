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
    longer: Callable[[int], nn.Module] | None = None  # the mechanism for long inputs, if that is another one
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
NEAR = "Near, far and everywhere"
TIMES = "Times and frames"
GRAPHS = "Graphs"
IMAGES = "Images and gates"

CASES = (
    # A vector is most similar to itself, so that elements would look at themselves first.
    Case("Dot", PAIRS, attention.Dot, pool=True),
    Case("ScaledDot", PAIRS, attention.ScaledDot, pool=True),
    # Among themselves every pair would pass the hidden layer; one query is what it is good for.
    Case("Additive", PAIRS, attention.Additive, pool=True),
    Case("Bilinear", PAIRS, attention.Bilinear),
    Case("MultiHead", PAIRS, attention.MultiHead),
    Case("Interactive", PAIRS, attention.Interactive, tasks.pair),
    Case("Entmax", SPARSE, attention.Entmax),
    Case("Sparsemax", SPARSE, attention.Sparsemax),
    Case("TopK", SPARSE, attention.TopK),
    Case(
        "Linformer",
        SHORT,
        lambda width: attention.Linformer(width, landmarks=16, longest=24),
        steps=600,
        longer=lambda width: attention.Linformer(width, longest=2048),
        why="The maps know places, not contents: what stands in a place enters all 16 landmarks by fixed shares, and "
        "only the choice among landmarks can single it out.",
    ),
    # As many landmarks as elements would be no short cut.
    Case("Nystrom", SHORT, lambda width: attention.Nystrom(width, landmarks=8), longer=attention.Nystrom),
    Case("Linear", SHORT, attention.Linear),
    Case(
        "LocalWindow",
        NEAR,
        lambda width: attention.LocalWindow(width, window=4),
        steps=600,
        longer=attention.LocalWindow,
    ),
    Case(
        "GlobalTokens",
        NEAR,
        lambda width: attention.GlobalTokens(width, window=2),
        tasks.headed,
        longer=attention.GlobalTokens,
    ),
    Case(
        "AdaptiveSpan",
        NEAR,
        lambda width: attention.AdaptiveSpan(width, window=8, ramp=4),
        longer=attention.AdaptiveSpan,
    ),
    # Each query makes its own vector of each sentence; one query is what it is good for.
    Case("Hierarchical", NEAR, attention.Hierarchical, tasks.document, pool=True),
    Case(
        "SegmentRecurrence",
        NEAR,
        lambda width: attention.SegmentRecurrence(width, segment=6),
        steps=600,
        longer=attention.SegmentRecurrence,
    ),
    Case("Temporal", TIMES, attention.Temporal, tasks.series),
    Case("SpaceTime", TIMES, attention.SpaceTime, tasks.film, size=36),
    Case("GAT", GRAPHS, attention.GAT, tasks.graph),
    Case("GATv2", GRAPHS, attention.GATv2, tasks.graph),
    Case("GraphTransformer", GRAPHS, attention.GraphTransformer, tasks.graph),
    Case("GatedGraph", GRAPHS, attention.GatedGraph, tasks.graph),
    Case("Relational", GRAPHS, attention.Relational, tasks.graph),
    Case("Deformable", IMAGES, lambda width: attention.Deformable(width, axes=2), tasks.image, size=25),
    Case(
        "SpatialTransformer",
        IMAGES,
        lambda width: attention.SpatialTransformer(width, axes=2),
        tasks.image,
        size=25,
        steps=600,
        why="The network that chooses the map reads every patch itself, and may come to tell the answer by the map, as "
        "by how much of the image it leaves outside. A map that goes to the red patch is hard to find, as its "
        "gradient is that of neighbouring patches. The weights tell what was read, not what the map was chosen by.",
    ),
    Case(
        "CBAM",
        IMAGES,
        lambda width: attention.CBAM(width, axes=2, kernel=3),
        tasks.image,
        size=25,
        why="The gate of the channels reads the largest value of each channel, wherever it stands, and so learns which "
        "shape is red before any position is chosen; the record tells what passed, not what the gate was decided by.",
    ),
    Case(
        "SqueezeExcitation",
        IMAGES,
        attention.SqueezeExcitation,
        tasks.image,
        size=25,
        why="All patches pass the same gate, so that its mean over patches holds no more than the mean of the patches.",
    ),
    Case(
        "Focal",
        IMAGES,
        lambda width: attention.Focal(width, axes=2),
        tasks.image,
        size=25,
        why="It looks at windows, and its record says at which: what is singled out within a window is singled out by "
        "the product with the query, which is no weight.",
    ),
)
