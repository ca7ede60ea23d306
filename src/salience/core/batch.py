"""What travels from the loader to a model: padded values, and the structure that says what is real.

Legend: B examples, S sources, E edges, R rows that are answered, K positions asked about in each. Batch first, right
padding. G features of edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Links:
    """How the positions of one example are joined, and which of them are asked about."""

    edges: np.ndarray  # [2, E] from source to query, positions of the example
    owner: np.ndarray  # [E] index of the unit each edge belongs to; -1 for none
    asked: np.ndarray  # [K] the positions the question is about; none where it is about the whole
    kinds: np.ndarray | None = None  # [E] number of the kind of each edge
    numbers: np.ndarray | None = None  # [E] where the features of each edge stand; -1: those of an average edge


@dataclass(frozen=True, slots=True)
class Example:
    """One cell, encoded: what the model reads, and which unit of the raw data each position belongs to."""

    cell: object  # the raw value, kept so that units can be shown as the user wrote them
    values: np.ndarray  # [S, ...] what the stem reads
    places: np.ndarray  # [U, k] where each unit sits in the raw cell; a Span is (start, stop)
    owner: np.ndarray  # [S] index of the unit each position belongs to; -1 for special positions
    groups: np.ndarray | None = None  # [S] number of the group (the sentence) each position lies in, from 0, ascending
    links: Links | None = None  # of a graph

    def __len__(self) -> int:
        return len(self.values)


_MOVED = ("groups", "edges", "kinds", "edge_features", "strength", "asked", "times")


@dataclass(frozen=True)
class Layout:
    """Which positions of a padded tensor are real, and how they lie to each other. None: the data lack it."""

    lengths: Int[Tensor, "B"]
    size: int
    #: The group (the sentence) each position lies in; padded positions hold -1.
    groups: Int[Tensor, "B S"] | None = None
    #: The extents of positions that lie in rows, slowest first: (height, width), (frames, height, width). An example
    #: may have fewer of the slowest. None: one row, a sequence.
    grid: tuple[int, ...] | None = None
    #: Who may look: from source to query, both counted through the batch (`example * size + position`).
    edges: Int[Tensor, "2 E"] | None = None
    #: The kind of each edge, from 0.
    kinds: Int[Tensor, "E"] | None = None
    #: What else is known of each edge: numbers.
    edge_features: Float[Tensor, "E G"] | None = None
    #: How much of what each edge tells arrives. None: all of it.
    strength: Float[Tensor, "E"] | None = None
    #: The positions that each answer is about, counted as in `edges`. Usually an example is one row and gets one
    #: answer; where rows lie in one graph, a single example may hold it, and be asked for all of them at once.
    asked: Int[Tensor, "R K"] | None = None
    #: When each position happened, in any unit.
    times: Float[Tensor, "B S"] | None = None

    @property
    def mask(self) -> Bool[Tensor, "B S"]:
        """True where a position is real."""
        # Not cached: a cached property takes a lock, and torch.compile cannot trace that.
        return torch.arange(self.size, device=self.lengths.device) < self.lengths[:, None]

    def to(self, device: torch.device | str) -> Layout:
        moved = {name: getattr(self, name) for name in _MOVED}
        moved = {name: None if values is None else values.to(device) for name, values in moved.items()}
        return replace(self, lengths=self.lengths.to(device), **moved)


@dataclass(frozen=True)
class Stream:
    """One input of a batch."""

    values: Tensor  # [B, S, ...]
    layout: Layout

    def to(self, device: torch.device | str) -> Stream:
        return Stream(self.values.to(device), self.layout.to(device))


@dataclass(frozen=True)
class Batch:
    """B rows, ready for a model. `examples` lead back from positions to the user's units."""

    streams: Mapping[str, Stream]
    target: Tensor | None = None
    examples: Sequence[Mapping[str, Example]] = ()  # one mapping (input -> example) per row

    def __len__(self) -> int:
        return len(next(iter(self.streams.values())).layout.lengths)

    def to(self, device: torch.device | str) -> Batch:
        streams = {name: stream.to(device) for name, stream in self.streams.items()}
        target = None if self.target is None else self.target.to(device)
        return replace(self, streams=streams, target=target)
