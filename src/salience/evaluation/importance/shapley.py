"""Shapley values: what each unit adds to the answer, averaged over all orders in which units could be taken away.

Legend: U units of a row, numbered column after column; R parts of a row; K walks; M shortened rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.errors import ConfigError
from salience.core.seed import derive
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.importance.parts import parts_of, spread
from salience.evaluation.removal import Row, answers, by_column, without
from salience.pipeline import Pipeline

# Shortened rows whose answers are held at once.
HELD = 4096


@dataclass(frozen=True)
class Shapley(Importance):
    r""":math:`a_i = E_\pi [f_c(x_{\pi \geq i}) - f_c(x_{\pi > i})]` over random orders :math:`\pi`, c the prediction.

    :math:`x_{\pi \geq i}` is the row without the units that come before i. The scores of a row sum to
    :math:`f_c(x) - f_c(\emptyset)`. Orders come in pairs, each beside its reverse, which cancels much of the chance.

    Signed: positive where a unit speaks for the prediction. Unlike `LeaveOneOut` it sees evidence that is repeated.
    Cost: one prediction per order and unit.

    Args:
        orders: how many random orders; an even number.
        parts: the units of a longer row go in runs of neighbours, each of which shares what its run adds equally.
        seed: what the orders follow from.

    Reference: Strumbelj and Kononenko 2014, "Explaining prediction models and individual predictions with feature
    contributions"; Mitchell et al. 2022, "Sampling Permutations for Shapley Value Estimation".
    """

    orders: int = 12
    parts: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        if self.orders < 2 or self.orders % 2 or self.parts < 1:
            raise ConfigError(
                f"Shapley values need an even number of orders and at least one part, got orders={self.orders} and "
                f"parts={self.parts}"
            )

    def scores(self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None) -> list[Scores]:
        return [
            by_column(row, spread(walked.mean(0), parts_of(row, self.parts)))
            for row, walked in zip(rows, self.walks(pipeline, rows, choice), strict=True)
        ]

    def walks(
        self, pipeline: Pipeline, rows: Sequence[Row], choice: Tensor | None = None
    ) -> Iterator[Float[np.ndarray, "K R"]]:
        """For each row what each part adds in each pair of orders; the mean over pairs is the Shapley value."""
        generator = np.random.default_rng(derive(self.seed, "shapley"))
        held: list[_Walk] = []
        for number, row in enumerate(rows, start=1):
            held.append(_Walk(row, parts_of(row, self.parts), self.orders, generator))
            if number == len(rows) or sum(each.size for each in held) >= HELD:
                yield from _walked(pipeline, held, None if choice is None else choice[number - len(held) : number])
                held = []


class _Walk:
    """The orders in which the parts of one row are taken away, and the shortened rows on the way."""

    def __init__(
        self, row: Row, parts: Sequence[Int[np.ndarray, "n"]], orders: int, generator: np.random.Generator
    ) -> None:
        self._row = row
        self._parts = parts
        half = generator.random((orders // 2, len(parts))).argsort(1)
        self._orders = np.stack([half, half[:, ::-1]], axis=1)  # [K, 2, R]
        # The whole row and the empty one, which all orders share, and what lies between.
        self.size = 2 + orders * max(0, len(parts) - 1)

    def rows(self, pipeline: Pipeline) -> Iterator[Row]:
        """The whole row, the row without anything, and the rows between of each order in turn."""
        everything = np.concatenate(self._parts) if len(self._parts) else np.zeros(0, dtype=int)
        yield self._row
        yield without(pipeline, self._row, everything)
        for order in np.concatenate(self._orders):
            for count in range(1, len(order)):
                yield without(pipeline, self._row, np.concatenate([self._parts[part] for part in order[:count]]))

    def added(self, focus: Float[np.ndarray, "M"]) -> Float[np.ndarray, "K R"]:
        """What each part adds, from the focus of `rows`."""
        shape = self._orders.shape
        if not shape[2]:
            return np.zeros((shape[0], 0))
        whole, empty = (np.full((*shape[:2], 1), focus[i]) for i in (0, 1))
        course = np.concatenate([whole, focus[2:].reshape(*shape[:2], shape[2] - 1), empty], axis=2)
        found = np.zeros(shape)
        np.put_along_axis(found, self._orders, -np.diff(course, axis=2), axis=2)
        return found.mean(1)


def _walked(pipeline: Pipeline, walks: Sequence[_Walk], choice: Tensor | None) -> Iterator[Float[np.ndarray, "K R"]]:
    raw = answers(pipeline, (row for walk in walks for row in walk.rows(pipeline)))
    starts = np.cumsum([0, *(walk.size for walk in walks)])
    if choice is None:
        choice = pipeline.task.choose(raw[torch.from_numpy(starts[:-1])])
    of_walk = torch.arange(len(walks)).repeat_interleave(torch.from_numpy(np.diff(starts)))
    focus = pipeline.task.focus(raw, choice[of_walk]).double().numpy()
    for walk, start, stop in zip(walks, starts[:-1], starts[1:], strict=True):
        yield walk.added(focus[start:stop])
