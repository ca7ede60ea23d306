"""Several importance methods and random orders, all on the same rows.

Legend: N rows, U units of a row, M orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from salience.core.seed import derive
from salience.evaluation.erasure import Erased, erase, join, ranking
from salience.evaluation.importance.importance import Importance
from salience.evaluation.removal import Row, answers, together
from salience.evaluation.removal_shift import is_value
from salience.pipeline import Pipeline

#: The name of the random orders among the methods.
RANDOM = "random"
RANDOM_ORDERS = 20
# Ties are broken at random so many times; orders that come out the same cost nothing.
TIES = 5
# Rows that are measured between two reports of progress.
BLOCK = 64


@dataclass(frozen=True)
class Competition:
    """What became of the answers, which orders belong to which method, and on how many rows a method was flat."""

    erased: Erased
    orders: dict[str, range]
    num_constant: dict[str, int]


def compete(
    pipeline: Pipeline,
    rows: Sequence[Row],
    methods: Sequence[Importance],
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Competition:
    """Take units away in the order of every method, five times where it has ties, and in 20 random orders."""
    generator = np.random.default_rng(derive(seed, "orders"))
    by_size = is_value(pipeline.task, answers(pipeline, rows[:1]))
    num_constant = {method.name: 0 for method in methods}
    parts = []
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        scores = [[together(each) for each in method.scores(pipeline, block)] for method in methods]
        orders = [_orders(each, generator, by_size=by_size) for each in zip(*scores, strict=True)]
        parts.append(erase(pipeline, block, orders))
        for method, of_rows in zip(methods, scores, strict=True):
            num_constant[method.name] += sum(int(np.ptp(each) == 0) for each in of_rows)
        if progress:
            progress(start + len(block), len(rows))
    return Competition(join(parts), _owned(methods), num_constant)


def _orders(
    scores: Sequence[Float[np.ndarray, "U"]], generator: np.random.Generator, *, by_size: bool
) -> Int[np.ndarray, "M U"]:
    given = [ranking(each, generator, by_size=by_size) for each in scores for _ in range(TIES)]
    return np.concatenate([np.stack(given), generator.random((RANDOM_ORDERS, len(scores[0]))).argsort(1)])


def _owned(methods: Sequence[Importance]) -> dict[str, range]:
    """Where the orders of each method stand among those of `_orders`."""
    owned = {method.name: range(TIES * m, TIES * (m + 1)) for m, method in enumerate(methods)}
    return {**owned, RANDOM: range(TIES * len(methods), TIES * len(methods) + RANDOM_ORDERS)}
