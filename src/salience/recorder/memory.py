"""What a recorder makes of each call of attention: a record of the kind that was asked for.

Legend: B examples, H heads, T queries.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.core.errors import ConfigError
from salience.kernels.column_pass import received
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics
from salience.kernels.streamed import streamed
from salience.recorder.call import Call, Kind, Place
from salience.recorder.fused import fused
from salience.recorder.records import Graph, Kept, OneQuery, Recorded, Told, spread
from salience.recorder.selection import Selection, check_choice

STATISTICS = ("received", "entropy")


class Memory:
    """The records so far, and how the next one is made."""

    def __init__(
        self,
        selection: Selection,
        *,
        keep: str,
        statistics: tuple[str, ...],
        query_weights: Float[Tensor, "*B T"] | None,
    ) -> None:
        check_choice("keep", keep, ("qk", "statistics"))
        for each in statistics or ("nothing",):
            check_choice("statistics", each, STATISTICS)
        self.selection = selection
        self._keep = keep
        self._statistics = statistics
        self._query_weights = query_weights
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.records: list[Recorded] = []
        self._real: Bool[Tensor, "B T"] | None = None
        self.selection.restart()

    def attend(self, name: str, problem: Problem, value: Tensor, kind: Kind) -> Tensor:
        """The output of a layer of a Hugging Face model."""
        place = self._place(name, problem, kind)
        if place is not None and self.selection.heads is None and self._in_one_pass(problem, value):
            problem = self._with_padded_queries(problem, kind)
            found = self._statistics_of(problem, value)
            self.records.append(Told(problem, place, found))
            assert found.out is not None
            return found.out
        out, lse = fused(problem, value)
        if place is not None:
            self._remember(place, Call(problem, value, out, kind, lse))
        return out

    def hear(self, name: str, call: Call) -> None:
        """A torch module has computed its attention."""
        place = self._place(name, call.problem, call.kind)
        if place is not None:
            self._remember(place, call)

    def weights(self, shape: tuple[int, int, int, int]) -> Float[Tensor, "B T"] | None:
        """The query weights of the recorder for a layer of this shape; None for the mean over real queries."""
        if self._query_weights is None:
            return None
        batch, _, queries, _ = shape
        found = tuple(self._query_weights.shape)
        if found not in ((queries,), (batch, queries)):
            raise ConfigError(
                f"expected weights of shape ({queries},) or ({batch}, {queries}), got {found}",
                where="query_weights",
                fix="choose `kind` and `layers` so that all recorded layers have these queries",
            )
        return self._query_weights.expand(batch, queries)

    def _place(self, name: str, problem: Problem, kind: Kind) -> Place | None:
        if kind == "decoder":
            self._real = problem.asked
        return self.selection.place(name, kind)

    def _remember(self, place: Place, call: Call) -> None:
        call = self.selection.narrowed(call, place.name)
        problem = self._with_padded_queries(call.problem, call.kind)
        if self._keep == "statistics":
            record: Recorded = Told(problem, place, self._statistics_of(problem, lse=call.lse))
        elif problem.shape[2] == 1 < problem.shape[3]:
            record = OneQuery(problem, place)
        else:
            graph = Graph(call.value, call.out) if call.out.requires_grad else None
            own = problem if call.kind == "encoder" else _out_of_cache(problem)
            record = Kept(own, place, lse=call.lse, graph=graph)
        self.records.append(record)

    def _in_one_pass(self, problem: Problem, value: Tensor) -> bool:
        """Are statistics cheapest along with the output? It then is right to rounding, not to the bit."""
        graph = torch.is_grad_enabled() and any(each.requires_grad for each in (problem.query, problem.key, value))
        wide = value.dtype in (torch.float32, torch.float64)
        return self._keep == "statistics" and problem.query.device.type == "cpu" and wide and not graph

    def _statistics_of(
        self, problem: Problem, value: Tensor | None = None, lse: Float[Tensor, "B H T"] | None = None
    ) -> Statistics:
        weights = None
        if "received" in self._statistics:
            weights = spread(problem, self.weights(problem.shape))
        entropy = "entropy" in self._statistics
        if lse is not None and weights is not None and not entropy:
            return Statistics(received=received(problem, lse, weights))
        return streamed(problem, value, weights=weights, entropy=entropy)

    def _with_padded_queries(self, problem: Problem, kind: Kind) -> Problem:
        """A decoder is told which of its positions are real where it looks at itself, and not where it looks away."""
        batch, _, queries, _ = problem.shape
        fits = (
            kind == "cross"
            and problem.asked is None
            and self._real is not None
            and self._real.shape == (batch, queries)
        )
        return replace(problem, asked=self._real) if fits else problem


def _out_of_cache(problem: Problem) -> Problem:
    """The problem with keys of its own: those of a cache may change, and may have more places than the queries see."""
    stop = problem.shape[3]
    if problem.causal and 0 < problem.shape[2] + problem.offset < stop:
        stop = problem.shape[2] + problem.offset
    key = problem.key[:, :, :stop]
    # A cache that changes in place is no part of a graph.
    key = key if key.requires_grad else key.clone()
    seen = None if problem.seen is None else problem.seen[:, :stop]
    bias = None if problem.bias is None else problem.bias[..., :stop]
    return replace(problem, key=key, seen=seen, bias=bias)
