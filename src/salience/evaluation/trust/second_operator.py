"""A second way to take parts away: blank them where they stand. What is true must not depend on how it was measured.

Legend: N rows, M orders, U units of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from salience.core.seed import derive
from salience.evaluation.bootstrap import mean
from salience.evaluation.effect import closeness, gains, log_odds
from salience.evaluation.erasure import erase, join, ranking
from salience.evaluation.removal import blanked
from salience.evaluation.removal_shift import is_value
from salience.evaluation.trust.claim import Estimate, estimate
from salience.evaluation.trust.trial import Trial

# Random orders of each row, and orders of the method itself: only a sign is asked for.
RANDOM_ORDERS, TIES = 5, 2
# Rows that are measured at once.
BLOCK = 64


@dataclass(frozen=True)
class Second:
    """How much more than random orders the method gains when parts are blanked, and what blanks them, per column."""

    gain: Estimate
    operators: dict[str, str]


def second_operator(trial: Trial, scores: Sequence[Float[np.ndarray, "U"]]) -> Second:
    """Measure the gain of a method, given by its scores on each row, by blanking.

    Raises:
        NotAvailable: a kind of data of the pipeline cannot blank.
    """
    generator = np.random.default_rng(derive(trial.seed, "second operator"))
    value = is_value(trial.pipeline.task, trial.raw)
    parts = []
    for start in range(0, len(trial.rows), BLOCK):
        block = slice(start, start + BLOCK)
        orders = [
            np.stack(
                [
                    *(ranking(np.abs(each) if value else each, generator) for _ in range(TIES)),
                    *(generator.permutation(len(each)) for _ in range(RANDOM_ORDERS)),
                ]
            )
            for each in scores[block]
        ]
        parts.append(erase(trial.pipeline, trial.rows[block], orders, remove=blanked))
    ranges = {"method": range(TIES), "random": range(TIES, TIES + RANDOM_ORDERS)}
    gained = gains(join(parts), ranges, closeness if value else log_odds)
    return Second(
        estimate(mean(gained[:, 0] - gained[:, 1]), len(trial.rows), trial.bootstrap),
        {name: f"{type(each).__name__}.blank" for name, each in trial.pipeline.modalities.items()},
    )
