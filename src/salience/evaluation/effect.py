"""What taking units away in the order of a method does to the answer: averages over rows, with intervals.

Legend: N rows, M orders, G points of a curve, K methods, R draws.

A method owns one order of the units of each row, or several that are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from salience.evaluation.bootstrap import Bootstrap, interval, mean, median
from salience.evaluation.erasure import PERCENT, Erased
from salience.evaluation.score import Score

#: Percent of the units over which comprehensiveness and sufficiency are averaged; 0 means one unit.
THRESHOLDS = (0, 5, 10, 20, 50)
# The column of the gain among the numbers of an effect.
_GAIN = 2
_AT = [1 + PERCENT.index(percent) for percent in THRESHOLDS]

#: From the focus at every point, and of the whole row, to what is averaged.
Scale = Callable[[Float[np.ndarray, "N M G"], Float[np.ndarray, "N 1 1"]], Float[np.ndarray, "N M G"]]
Orders = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Effect:
    """One method on one scale. Curves start with the whole row (deletion) or with nothing of it (insertion)."""

    comprehensiveness: Score  # more is better
    sufficiency: Score  # less is better
    gain: Score  # their difference; more is better
    deletion: Score  # area under the curve; less is better
    insertion: Score  # area under the curve; more is better
    deletion_curve: tuple[Score, ...]
    insertion_curve: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """How much must be taken, in order of importance, until the prediction is another one."""

    fraction: Score  # of the units, median over rows; a row that never flips counts as 1
    never: Score  # share of rows


def log_odds(focus: Float[np.ndarray, "N M G"], whole: Float[np.ndarray, "N 1 1"]) -> Float[np.ndarray, "N M G"]:  # noqa: ARG001
    """The log-odds of the prediction, as they are."""
    return focus


def probability(focus: Float[np.ndarray, "N M G"], whole: Float[np.ndarray, "N 1 1"]) -> Float[np.ndarray, "N M G"]:  # noqa: ARG001
    """The probability of the prediction; where a row has several labels, that of their mean log-odds."""
    # The same as 1 / (1 + exp(-focus)), without overflow.
    return (1 + np.tanh(focus / 2)) / 2


def closeness(focus: Float[np.ndarray, "N M G"], whole: Float[np.ndarray, "N 1 1"]) -> Float[np.ndarray, "N M G"]:
    """Minus the distance from the value of the whole row: a value can move either way."""
    return -np.abs(focus - whole)


def effects(erased: Erased, orders: Orders, scale: Scale, bootstrap: Bootstrap) -> dict[str, Effect]:
    """The effect of each method, averaged over rows, on one scale."""
    numbers = np.stack([_numbers(erased, each, scale) for each in orders.values()], axis=1)
    count = len(numbers)
    flat = numbers.reshape(count, -1)
    drawn = bootstrap.distribution(mean(flat), count)
    scores = [Score(float(value), *interval(each)) for value, each in zip(flat.mean(0), drawn.T, strict=True)]
    size = numbers.shape[2]
    return {name: _effect(scores[k * size : (k + 1) * size]) for k, name in enumerate(orders)}


def gains(erased: Erased, orders: Orders, scale: Scale) -> Float[np.ndarray, "N K"]:
    """The gain of each method on each row."""
    return np.stack([_numbers(erased, each, scale)[:, _GAIN] for each in orders.values()], axis=1)


def flips(erased: Erased, orders: Orders, bootstrap: Bootstrap) -> dict[str, Flip]:
    """How much each method must take until the prediction changes, looked at on the points of the curves.

    Where a method owns several orders, the medians of the orders are averaged.
    """
    fraction, never = fractions_to_flip(erased)

    def flip(own: Sequence[int]) -> Flip:
        middle, share = median(fraction[:, own]), mean(never[:, own].mean(1))
        return Flip(
            bootstrap.estimate(lambda weights: middle(weights).mean(1), len(never)),
            bootstrap.estimate(share, len(never)),
        )

    return {name: flip(own) for name, own in orders.items()}


def fractions_to_flip(erased: Erased) -> tuple[Float[np.ndarray, "N M"], Bool[np.ndarray, "N M"]]:
    """The share of units that each order takes until the prediction changes (1 where it never does), and whether it
    never does."""
    # The point where everything is taken tells about the empty input and not about an order.
    changed = erased.changed[:, :, :-1]
    never = np.logical_not(changed.any(2))
    return np.where(never, 1.0, np.take_along_axis(erased.fractions, changed.argmax(2), axis=1)), never


def _numbers(erased: Erased, own: Sequence[int], scale: Scale) -> Float[np.ndarray, "N K"]:
    """Every number of an effect for each row, averaged over the orders that a method owns."""
    whole = erased.taken[:, :1, :1]
    taken, kept = (scale(each[:, own], whole).mean(1) for each in (erased.taken, erased.kept))
    comprehensiveness = (taken[:, :1] - taken[:, _AT]).mean(1)
    sufficiency = (taken[:, :1] - kept[:, _AT]).mean(1)
    areas = [np.trapezoid(each, erased.fractions, axis=1) for each in (taken, kept)]
    single = [comprehensiveness, sufficiency, comprehensiveness - sufficiency, *areas]
    return np.concatenate([np.stack(single, axis=1), taken, kept], axis=1)


def _effect(scores: Sequence[Score]) -> Effect:
    """The inverse of the order in `_numbers`."""
    comprehensiveness, sufficiency, gain, deletion, insertion, *curves = scores
    half = len(curves) // 2
    return Effect(comprehensiveness, sufficiency, gain, deletion, insertion, tuple(curves[:half]), tuple(curves[half:]))
