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
    """What became of the answers, and the orders of each method.

    For a class, the competitors also compete "by size", ranked by absolute value: what an importance that has no signs
    can reach at best.
    """

    erased: Erased
    orders: dict[str, range]
    by_size: dict[str, range]
    #: Rows on which a method gives every unit the same importance.
    num_constant: dict[str, int]
    #: Does a method say of any unit that it speaks against the prediction?
    signed: dict[str, bool]


def compete(
    pipeline: Pipeline,
    rows: Sequence[Row],
    methods: Sequence[Importance],
    *,
    competitors: Sequence[str],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Competition:
    """Take units away in the order of every method, five times where it has ties, and in 20 random orders.

    The units of a value are ranked by absolute value anyway.
    """
    generator = np.random.default_rng(derive(seed, "orders"))
    value = is_value(pipeline.task, answers(pipeline, rows[:1]))
    names = [method.name for method in methods]
    sizes = [] if value else [names.index(each) for each in competitors]
    num_constant, signed = dict.fromkeys(names, 0), dict.fromkeys(names, False)
    parts = []
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        scores = [[together(each) for each in method.scores(pipeline, block)] for method in methods]
        for name, of_rows in zip(names, scores, strict=True):
            num_constant[name] += sum(int(np.ptp(each) == 0) for each in of_rows)
            signed[name] |= any(bool((each < 0).any()) for each in of_rows)
        ranked = [[np.abs(each) for each in of_rows] for of_rows in scores] if value else scores
        ranked += [[np.abs(each) for each in scores[m]] for m in sizes]
        parts.append(erase(pipeline, block, [_orders(each, generator) for each in zip(*ranked, strict=True)]))
        if progress:
            progress(start + len(block), len(rows))
    owned = [range(at, at + TIES) for at in range(0, TIES * (len(names) + len(sizes)), TIES)]
    return Competition(
        erased=join(parts),
        orders={**dict(zip(names, owned, strict=False)), RANDOM: range(owned[-1].stop, owned[-1].stop + RANDOM_ORDERS)},
        by_size={names[m]: each for m, each in zip(sizes, owned[len(names) :], strict=True)},
        num_constant=num_constant,
        signed=signed,
    )


def _orders(scores: Sequence[Float[np.ndarray, "U"]], generator: np.random.Generator) -> Int[np.ndarray, "M U"]:
    """Five orders by each of the scores, then the random ones."""
    given = [ranking(each, generator) for each in scores for _ in range(TIES)]
    return np.concatenate([np.stack(given), generator.random((RANDOM_ORDERS, len(scores[0]))).argsort(1)])
