"""Scores as functions of row weights, so that a bootstrap draw costs a matrix product and no new sorting.

Legend: N rows, C classes (columns), R draws. Undefined is NaN here; `scores` turns it into None with a reason.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import Statistic, mean

Weights = Float[np.ndarray, "R N"]
Values = Float[np.ndarray, "R"]
Indicator = Float[np.ndarray, "N C"]  # 1 where a row has (or is given) a class

BINS = 15
# Smallest probability in a logarithm: one certain mistake costs 27.6 nats and not infinity.
SMALLEST = 1e-12


def precision(predicted: Indicator, actual: Indicator) -> Statistic:
    """Per class: the share of rows given it that have it, TP / (TP + FP)."""
    return lambda weights: _ratio(weights @ (predicted * actual), weights @ predicted)


def recall(predicted: Indicator, actual: Indicator) -> Statistic:
    """Per class: the share of rows having it that are given it, TP / (TP + FN)."""
    return lambda weights: _ratio(weights @ (predicted * actual), weights @ actual)


def f1(predicted: Indicator, actual: Indicator) -> Statistic:
    """Per class: 2 TP / (2 TP + FP + FN)."""
    return lambda weights: _ratio(2 * weights @ (predicted * actual), weights @ (predicted + actual))


def macro_f1(predicted: Indicator, actual: Indicator) -> Statistic:
    """Mean F1 of the classes that occur or are predicted."""
    each = f1(predicted, actual)
    return lambda weights: _mean_of_defined(each(weights))


def micro_f1(predicted: Indicator, actual: Indicator) -> Statistic:
    """F1 of all decisions about all classes together."""
    both, either = (predicted * actual).sum(1), (predicted + actual).sum(1)
    return lambda weights: _ratio(2 * weights @ both, weights @ either)


def auroc(probabilities: Float[np.ndarray, "N C"], actual: Indicator) -> Statistic:
    """One class against the rest, averaged over the classes that occur: the chance that a row of the class is given a
    higher probability of it than a row of another, ties counting one half (Hanley & McNeil 1982)."""
    classes = [_ranked_above(probabilities[:, c], actual[:, c]) for c in range(actual.shape[1])]
    return lambda weights: _mean_of_defined(np.stack([each(weights) for each in classes], axis=1))


def log_loss(probabilities: Float[np.ndarray, "N C"], actual: Indicator) -> Statistic:
    """Mean negative log-probability of the actual class, in nats; probabilities below 1e-12 count as 1e-12."""
    return mean(-np.log(np.clip((probabilities * actual).sum(1), SMALLEST, None)))


def calibration_error(probabilities: Float[np.ndarray, "N C"], actual: Indicator) -> Statistic:
    """Expected calibration error: the gap between confidence and accuracy in 15 equal bins of confidence, averaged
    over rows (Naeini et al. 2015; Guo et al. 2017)."""
    confidence = probabilities.max(1)
    right = actual[np.arange(len(actual)), probabilities.argmax(1)]
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.eye(BINS)[bins] * (right - confidence)[:, None]
    return lambda weights: np.abs(weights @ gaps).sum(1) / weights.sum(1)


def root_mean(values: Float[np.ndarray, "N"]) -> Statistic:
    """The square root of the mean."""
    inner = mean(values)
    return lambda weights: np.sqrt(inner(weights))


def r2(predicted: Float[np.ndarray, "N"], actual: Float[np.ndarray, "N"]) -> Statistic:
    """1 - (sum of squared errors) / (sum of squared distances of the targets from their mean)."""
    return explained((predicted - actual) ** 2, actual)


def explained(squared: Float[np.ndarray, "N"], actual: Float[np.ndarray, "N"]) -> Statistic:
    """R2 from the squared error of each row, which may itself be a mean over several predictions."""
    # Measured from their mean, large targets cost no digits.
    centred = actual - actual.mean()
    moments = mean(np.stack([squared, centred, centred**2], axis=1))

    def statistic(weights: Weights) -> Values:
        error, first, second = moments(weights).T
        return 1 - _ratio(error, _spread(first, second))

    return statistic


def pearson(predicted: Float[np.ndarray, "N"], actual: Float[np.ndarray, "N"]) -> Statistic:
    """Correlation of predictions and targets."""
    x, y = predicted - predicted.mean(), actual - actual.mean()
    moments = mean(np.stack([x, y, x**2, y**2, x * y], axis=1))

    def statistic(weights: Weights) -> Values:
        mean_x, mean_y, square_x, square_y, product = moments(weights).T
        spread = np.sqrt(_spread(mean_x, square_x) * _spread(mean_y, square_y))
        return _ratio(product - mean_x * mean_y, spread)

    return statistic


def spearman(predicted: Float[np.ndarray, "N"], actual: Float[np.ndarray, "N"]) -> Statistic:
    """Correlation of the ranks of predictions and targets; equal values share their mean rank."""
    rank_x, rank_y = _ranks(predicted), _ranks(actual)

    def statistic(weights: Weights) -> Values:
        total = weights.sum(1, keepdims=True)
        x, y = (rank(weights) - (total + 1) / 2 for rank in (rank_x, rank_y))
        return _ratio((weights * x * y).sum(1), np.sqrt((weights * x * x).sum(1) * (weights * y * y).sum(1)))

    return statistic


def _ranks(values: Float[np.ndarray, "N"]) -> Callable[[Weights], Float[np.ndarray, "R N"]]:
    order, starts, distinct = _ties(values)

    def ranks(weights: Weights) -> Float[np.ndarray, "R N"]:
        own = np.add.reduceat(weights[:, order], starts, axis=1)
        return (own.cumsum(1) - own + (own + 1) / 2)[:, distinct]

    return ranks


def _ranked_above(values: Float[np.ndarray, "N"], actual: Float[np.ndarray, "N"]) -> Statistic:
    order, starts, _ = _ties(values)
    member = actual[order]

    def statistic(weights: Weights) -> Values:
        ordered = weights[:, order]
        inside = np.add.reduceat(ordered * member, starts, axis=1)
        outside = np.add.reduceat(ordered * (1 - member), starts, axis=1)
        below = outside.cumsum(1) - outside
        return _ratio((inside * (below + outside / 2)).sum(1), inside.sum(1) * outside.sum(1))

    return statistic


def _ties(values: Float[np.ndarray, "N"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An ascending order, where each distinct value starts in it, and which distinct value each row has."""
    order = np.argsort(values, kind="stable")
    _, starts, distinct = np.unique(values, return_index=True, return_inverse=True)
    starts = np.searchsorted(values[order], values[starts])
    return order, starts, distinct


def _spread(first: Values, second: Values) -> Values:
    """The variance from the first two moments; what only rounding leaves counts as none."""
    variance = second - first**2
    return np.where(variance > 1e-12 * second, variance, 0.0)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)


def _mean_of_defined(values: Float[np.ndarray, "R C"]) -> Values:
    defined = np.isfinite(values)
    return _ratio(np.where(defined, values, 0.0).sum(1), defined.sum(1))
