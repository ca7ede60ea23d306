"""What a recorder remembers of one call of attention: query and key, statistics only, or the weights of one query.

Legend: B examples, A all heads, H chosen heads, G heads of the keys, T queries, S sources, R asked rows, D width of a
head's values.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.errors import NotAvailable
from salience.core.record import Attention
from salience.kernels import normalise
from salience.kernels.column_pass import received
from salience.kernels.joint import joint
from salience.kernels.log_sum_exp import log_sum_exp
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics
from salience.recorder.call import Kind, Place


class Recorded(Attention):
    """Where one layer of a recorded model looked. Padding may be on either side."""

    #: Which layer, what it does, and in which step it was called.
    place: Place
    #: True for queries that count.
    real: Bool[Tensor, "B T"]

    @property
    def name(self) -> str:
        """The path of the module in the model."""
        return self.place.name

    @property
    def kind(self) -> Kind:
        """`encoder` (self-attention both ways), `decoder` (nobody looks ahead) or `cross`."""
        return self.place.kind

    @property
    def step(self) -> int:
        """The number of the forward pass, from 0."""
        return self.place.step

    def uniform(self, dtype: torch.dtype = torch.float32) -> Float[Tensor, "B T"]:
        """Equal weight on every real query of an example, zero on padding."""
        real = self.real.to(dtype)
        return real / real.sum(dim=1, keepdim=True).clamp(min=1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.kind!r}, step={self.step}, shape={self.shape})"

    def _describe(self, problem: Problem, place: Place) -> None:
        batch, _, queries, _ = problem.shape
        everything = torch.ones(batch, queries, dtype=torch.bool, device=problem.query.device)
        self.place = place
        self.shape = problem.shape
        self.real = everything if problem.asked is None else problem.asked
        self.asked = self.real.sum(dim=1)
        self.normalised = True


@dataclass(frozen=True)
class Graph:
    """What one layer mixed, and what came out of all its heads, as gradients know it."""

    value: Float[Tensor, "B G S D"]
    out: Float[Tensor, "B A T D"]


class Kept(Recorded):
    """Query and key as the model computed them: everything can be asked, and gradients flow.

    It holds O((T + S) E) numbers, and what gradients need where they are on.
    """

    def __init__(
        self, problem: Problem, place: Place, *, lse: Float[Tensor, "B H T"] | None, graph: Graph | None
    ) -> None:
        self._describe(problem, place)
        self.problem = problem
        self.graph = graph
        self._lse = lse

    @property
    def lse(self) -> Float[Tensor, "B H T"]:
        """The natural logarithm of each row's sum of exponentials, without gradients; minus infinity at padding."""
        if self._lse is None:
            self._lse = log_sum_exp(self.problem)
        return torch.where(self.real[:, None], self._lse, -torch.inf)

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        return torch.cat([_rows(self.problem, each) for each in _runs(index)], dim=2)

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        weights = spread(self.problem, query_weights)
        if any(each.requires_grad for each in (self.problem.query, self.problem.key, weights)):
            found = joint(self.problem, weights=weights).received
            assert found is not None
            return found[:, :, 0]
        return received(self.problem, self.lse, weights)[:, :, 0]

    def entropy(self) -> Float[Tensor, "B H T"]:
        found = joint(self.problem, entropy=True).entropy
        assert found is not None
        return found


class Told(Recorded):
    """What was asked of the weights while they were there, and nothing that they could be computed from again."""

    def __init__(self, problem: Problem, place: Place, found: Statistics) -> None:
        self._describe(problem, place)
        self._received = None if found.received is None else found.received[:, :, 0]
        self._entropy = found.entropy

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        raise self._missing(f"the weights of {len(index)} queries")

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        if query_weights is not None:
            raise self._missing("what was received under query weights that come later")
        if self._received is None:
            raise self._missing("`received`")
        return self._received

    def entropy(self) -> Float[Tensor, "B H T"]:
        if self._entropy is None:
            raise self._missing("`entropy`")
        return self._entropy

    def _missing(self, what: str) -> NotAvailable:
        return NotAvailable(
            f"only statistics were kept of this layer, and {what} is not among them",
            where=self.name,
            fix='record with keep="qk", or name what you need in `statistics` and `query_weights` of the recorder',
        )


class OneQuery(Recorded):
    """The weights of one query: fewer numbers than the keys, which lie in a cache that the model goes on to change."""

    def __init__(self, problem: Problem, place: Place) -> None:
        self._describe(problem, place)
        self._weights = _rows(problem, slice(0, 1))

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        return self._weights[:, :, index]


def spread(problem: Problem, weights: Float[Tensor, "B T"] | None) -> Float[Tensor, "B H 1 T"]:
    """The same query weights for all heads, equal ones on real queries for None; those on padding count for nothing."""
    batch, heads, queries, _ = problem.shape
    real = torch.ones(batch, queries, dtype=problem.dtype, device=problem.query.device)
    real = real if problem.asked is None else problem.asked.to(problem.dtype)
    own = real / real.sum(dim=1, keepdim=True).clamp(min=1) if weights is None else weights.to(problem.dtype) * real
    return own[:, None, None].expand(batch, heads, 1, queries)


def _rows(problem: Problem, rows: slice) -> Float[Tensor, "B H R S"]:
    scores = problem.scores(rows, slice(0, problem.shape[3]))
    return normalise.softmax(scores, scores > -torch.inf)


def _runs(index: Int[Tensor, "R"]) -> list[slice]:
    """The index as runs of neighbours, each of which is one slice."""
    numbered = enumerate(index.tolist())
    runs = [[each for _, each in run] for _, run in itertools.groupby(numbered, lambda pair: pair[1] - pair[0])]
    return [slice(run[0], run[-1] + 1) for run in runs] or [slice(0, 0)]
