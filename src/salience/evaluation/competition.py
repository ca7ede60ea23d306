"""Several importance methods and random orders, all on the same rows.

Legend: N rows, U units of a row, M orders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from salience.core.seed import derive
from salience.evaluation.erasure import Erased, erase, join, ranking
from salience.evaluation.importance.importance import Scores
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
    #: The methods of which the best is the mark to reach.
    competitors: tuple[str, ...]
    orders: dict[str, range]
    by_size: dict[str, range]
    #: Rows on which a method gives every unit the same importance.
    num_constant: dict[str, int]
    #: Does a method say of any unit that it speaks against the prediction?
    signed: dict[str, bool]


def compete(
    pipeline: Pipeline,
    rows: Sequence[Row],
    scores: Mapping[str, Sequence[Scores]],
    *,
    competitors: Sequence[str],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Competition:
    """Take units away in the order of every method, five times where it has ties, and in 20 random orders.

    The units of a value are ranked by absolute value anyway.

    Args:
        scores: of each method, for each row.
        competitors: the methods of which the best is the mark to reach.
    """
    generator = np.random.default_rng(derive(seed, "orders"))
    value = is_value(pipeline.task, answers(pipeline, rows[:1]))
    names = list(scores)
    flat = [[together(each) for each in of_rows] for of_rows in scores.values()]
    sizes = [] if value else [names.index(each) for each in competitors]
    parts = []
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        own = [of_rows[block] for of_rows in flat]
        ranked = [[np.abs(each) for each in of_rows] for of_rows in own] if value else own
        ranked = ranked + [[np.abs(each) for each in own[m]] for m in sizes]
        parts.append(erase(pipeline, rows[block], [_orders(each, generator) for each in zip(*ranked, strict=True)]))
        if progress:
            progress(min(start + BLOCK, len(rows)), len(rows))
    owned = [range(at, at + TIES) for at in range(0, TIES * (len(names) + len(sizes)), TIES)]
    return Competition(
        erased=join(parts),
        competitors=tuple(competitors),
        orders={**dict(zip(names, owned, strict=False)), RANDOM: range(owned[-1].stop, owned[-1].stop + RANDOM_ORDERS)},
        by_size={names[m]: each for m, each in zip(sizes, owned[len(names) :], strict=True)},
        num_constant={n: sum(int(np.ptp(each) == 0) for each in own) for n, own in zip(names, flat, strict=True)},
        signed={n: any(bool((each < 0).any()) for each in own) for n, own in zip(names, flat, strict=True)},
    )


def _orders(scores: Sequence[Float[np.ndarray, "U"]], generator: np.random.Generator) -> Int[np.ndarray, "M U"]:
    """Five orders by each of the scores, then the random ones."""
    given = [ranking(each, generator) for each in scores for _ in range(TIES)]
    return np.concatenate([np.stack(given), generator.random((RANDOM_ORDERS, len(scores[0]))).argsort(1)])
