"""T4, enough: how much must be taken away, in its order, until the model changes its mind?

Legend: N rows, M orders, R draws.

The statistic is the median share of the units, beside that of the best other order and of random orders. A method
without signs is measured against others without theirs.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import mean, median
from salience.evaluation.competition import RANDOM, Competition
from salience.evaluation.effect import fractions_to_flip
from salience.evaluation.faithfulness import is_unsigned
from salience.evaluation.score import Score
from salience.evaluation.trust.claim import Estimate, claim, estimate, every
from salience.evaluation.trust.outcome import INCONCLUSIVE, Measured, unavailable
from salience.evaluation.trust.trial import Trial

NAME = "enough"
QUESTION = "How much must be removed, in its order, to change the model's mind?"
#: At most so many times as much as the best other order needs, and less than this share of what random orders need.
OF_BEST, OF_RANDOM = 1.5, 0.5
# The first point of a curve after the whole row: one unit.
_ONE = 1
_MEANINGS = {
    "pass": "Few parts in its order change the prediction, about as few as in the best order",
    "weak": "Fewer parts in its order than at random change the prediction, but more than in the best order",
    "fail": "Nearly as many parts in its order as at random are needed to change the prediction",
}


def enough(trial: Trial, found: Competition) -> Measured:
    """Judge the order by how soon it changes the prediction."""
    if not found.by_size:
        return unavailable(NAME, QUESTION, "the answer is a value, which changes with every part and has no flip")
    method = trial.method.name
    fraction, never = fractions_to_flip(found.erased)
    rivals = found.by_size if is_unsigned(found, method) else found.orders
    own = _median(trial, fraction, found.orders[method])
    random = _median(trial, fraction, found.orders[RANDOM])
    best = min((_median(trial, fraction, rivals[each]) for each in found.competitors), key=lambda each: each.value)
    statistics = {
        "fraction": own.score,
        "fraction_best": best.score,
        "fraction_random": random.score,
        "never": _mean(trial, never[:, found.orders[method]]),
        "first_part": _mean(trial, found.erased.changed[:, found.orders[method], _ONE]),
    }
    if min(own.value, best.value) >= OF_RANDOM * random.value:
        sentence = f"No order changes the prediction soon: the best other one takes {best.value:.0%} of the parts."
        return Measured(NAME, QUESTION, statistics, verdict=INCONCLUSIVE, sentence=sentence)
    of_best, of_random = _ratio(own, best), _ratio(own, random)
    soon = claim("", of_random, below=OF_RANDOM)
    return Measured(
        NAME,
        QUESTION,
        statistics,
        claims=(
            claim("fail", of_random, above=OF_RANDOM),
            every("weak", claim("", of_best, above=OF_BEST), soon),
            every("pass", claim("", of_best, below=OF_BEST), soon),
        ),
        meanings=_MEANINGS,
        numbers=f"median {own.value:.0%} of the parts, {best.value:.0%} in the best other order, "
        f"{random.value:.0%} at random",
    )


def _median(trial: Trial, fraction: Float[np.ndarray, "N M"], own: range) -> Estimate:
    middle = median(fraction[:, own])
    return estimate(lambda weights: middle(weights).mean(1), len(fraction), trial.bootstrap)


def _mean(trial: Trial, values: Float[np.ndarray, "N M"]) -> Score:
    return trial.bootstrap.estimate(mean(values.mean(1)), len(values))


def _ratio(above: Estimate, below: Estimate) -> Estimate:
    return Estimate(above.value / below.value, above.draws / below.draws)
