"""Ratios on a busy machine: each call beside one of a yardstick, between matrix products that tell how calm it was.

A pair is the yardstick and the work, one after the other, in turns of who is first. Before and after it the same matrix
product is timed. The pair is calm if both products took at most 15 % more than the fastest of all. A pair waits up to
some seconds for the first of them to be fast. Pairs are made until enough of them are calm, but twice as many at
most; then the calmest are taken. The ratio is the median over pairs, between its quartiles.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from benchmarks.measure import Row, median, timed

GATE, MOST = 1.15, 2
# Seconds, and how many of them a pair waits at most.
PAUSE, PATIENCE = 0.2, 1.0
# Rows and columns of the product.
PRODUCT = 768
Work = Callable[[], object]


@dataclass(frozen=True)
class Pair:
    """One call of the work and of the yardstick, in seconds, and the slower product around them."""

    yardstick: float
    work: float
    noise: float


@dataclass
class Sampler:
    """Makes pairs, by `clock`: "cpu" for one thread, "wall" for several."""

    rounds: int
    clock: str
    quiet: float = float("inf")
    pairs: dict[str, list[Pair]] = field(default_factory=dict)

    def sample(self, yardstick: Work, works: Mapping[str, Work]) -> None:
        """Pairs of each work, in turns, after one call of each that does not count."""
        for work in (yardstick, *works.values()):
            work()
        for _ in range(10):
            self._product()
        self.pairs = {name: [] for name in works}
        for turn in range(MOST * self.rounds):
            for name, work in works.items():
                if self.calm(name) < self.rounds:
                    self.pairs[name].append(self._pair(yardstick, work, swapped=turn % 2 == 1))

    def calm(self, name: str) -> int:
        """How many pairs of this work were made in calm."""
        return sum(pair.noise <= GATE * self.quiet for pair in self.pairs[name])

    def row(self, name: str, what: str, *, bar: str | None = None) -> Row:
        """The ratio of this work to the yardstick."""
        chosen = sorted(self.pairs[name], key=lambda pair: pair.noise)[: self.rounds]
        calm = min(self.calm(name), self.rounds)
        return median(what, [pair.work / pair.yardstick for pair in chosen], "x", bar=bar, note=f"{calm} of them calm")

    def seconds(self, what: str) -> Row:
        """The time of the yardstick itself."""
        chosen = sorted((pair for pairs in self.pairs.values() for pair in pairs), key=lambda pair: pair.noise)
        return median(what, [1000 * pair.yardstick for pair in chosen[: self.rounds]], "ms")

    def speed(self, what: str) -> Row:
        """The speed of the fastest product, which tells how calm the machine was at best."""
        return Row(what, 2 * PRODUCT**3 / self.quiet / 1e9, "GFLOP/s")

    def _pair(self, yardstick: Work, work: Work, *, swapped: bool) -> Pair:
        before = self._awaited()
        first, second = (self._time(each) for each in ((work, yardstick) if swapped else (yardstick, work)))
        noise = max(before, self._product())
        return Pair(second, first, noise) if swapped else Pair(first, second, noise)

    def _awaited(self) -> float:
        """A product when it is fast, or when patience is over."""
        for _ in range(round(PATIENCE / PAUSE)):
            taken = self._product()
            if taken <= GATE * self.quiet:
                break
            time.sleep(PAUSE)
        return taken

    def _product(self) -> float:
        matrix = torch.ones(PRODUCT, PRODUCT)
        taken = self._time(lambda: matrix @ matrix)
        self.quiet = min(self.quiet, taken)
        return taken

    def _time(self, work: Work) -> float:
        return float(getattr(timed(work), self.clock))
