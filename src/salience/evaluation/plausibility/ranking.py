"""Do marked units stand at the top of the order? No number of units has to be chosen.

Legend: M rankings of the same row, L units, r marked by people.

With equal importances taken together, as scikit-learn does, and P and R the precision and recall down to each distinct
importance, from the top:

    average precision = sum of (R - R before) P
    AUPRC             = sum of (R - R before) (P + P before) / 2,   starting at R = 0, P = 1

The second is what ERASER's released code reports (`precision_recall_curve` and `auc`). It draws straight lines between
points that no threshold reaches, and so is optimistic. The share of marked units is the chance level of neither: in a
short row a random order has more, because its first units are right too often by luck. Compare with permutations.

Reference: Davis, Goadrich 2006, "The Relationship Between Precision-Recall and ROC Curves".
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from salience.core.errors import ConfigError


def average_precision(importance: Float[np.ndarray, "*M L"], marked: Bool[np.ndarray, "L"]) -> Float[np.ndarray, "*M"]:
    """The mean, over marked units, of the precision down to each; NaN where all units are marked, or none.

    >>> round(float(average_precision(np.array([0.9, 0.5, 0.1]), np.array([True, False, True]))), 4)
    0.8333
    """
    down_to, _, hit = _precisions(importance, marked)
    return _over_marked(down_to, hit)


def auprc(importance: Float[np.ndarray, "*M L"], marked: Bool[np.ndarray, "L"]) -> Float[np.ndarray, "*M"]:
    """The area under the curve of precision over recall by trapezia; NaN where all units are marked, or none.

    >>> round(float(auprc(np.array([0.9, 0.5, 0.1]), np.array([True, False, True]))), 4)
    0.7917
    """
    down_to, above, hit = _precisions(importance, marked)
    return _over_marked((down_to + above) / 2, hit)


def permuted(
    importance: Float[np.ndarray, "L"], times: int, *, generator: np.random.Generator
) -> Float[np.ndarray, "M L"]:
    """The same importances on random units, `times` times: what is scored like the original is the chance level.

    Raises:
        ConfigError: `times` is not positive.
    """
    if times < 1:
        raise ConfigError(f"expected at least one permutation, got {times}")
    return generator.permuted(np.tile(importance, (times, 1)), axis=1)


def _precisions(
    importance: Float[np.ndarray, "*M L"], marked: Bool[np.ndarray, "L"]
) -> tuple[Float[np.ndarray, "*M L"], Float[np.ndarray, "*M L"], Bool[np.ndarray, "*M L"]]:
    """Along the order: the precision with all units of equal importance, the one above them, and the marks."""
    order = np.argsort(-importance, axis=-1, kind="stable")
    ordered = np.take_along_axis(importance, order, -1)
    hit = marked[order]
    counts = np.arange(1, hit.shape[-1] + 1)
    precision = hit.cumsum(-1) / counts
    last = np.ones(hit.shape, bool)
    last[..., :-1] = ordered[..., 1:] != ordered[..., :-1]
    end = np.where(last, counts - 1, hit.shape[-1])
    end = np.minimum.accumulate(end[..., ::-1], -1)[..., ::-1]
    before = np.zeros(hit.shape, int)
    before[..., 1:] = np.where(last[..., :-1], counts[:-1], 0)
    before = np.maximum.accumulate(before, -1)
    above = np.where(before > 0, np.take_along_axis(precision, np.maximum(before - 1, 0), -1), 1.0)
    return np.take_along_axis(precision, end, -1), above, hit


def _over_marked(values: Float[np.ndarray, "*M L"], hit: Bool[np.ndarray, "*M L"]) -> Float[np.ndarray, "*M"]:
    num_marked = hit.sum(-1)
    both_kinds = (num_marked > 0) & (num_marked < hit.shape[-1])
    return np.where(both_kinds, (values * hit).sum(-1) / np.maximum(num_marked, 1), np.nan)
