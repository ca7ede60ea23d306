"""How far two distributions of attention, and two answers, are from each other.

Legend: N rows, S positions, C numbers per answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from salience.evaluation.removal_shift import is_value
from salience.tasks import Task

#: The largest Jensen-Shannon divergence, in nats: that of distributions that share no position.
FURTHEST = math.log(2)

#: From two answers of a task (`task.probabilities`) to how far they are from each other.
Distance = Callable[[Float[Tensor, "N C"], Float[Tensor, "N C"]], Float[Tensor, "N"]]
#: From raw numbers to how far the answer is from a given one.
Change = Callable[[Float[Tensor, "N C"]], Float[Tensor, "N"]]


def jensen_shannon(one: Float[Tensor, "*N S"], other: Float[Tensor, "*N S"]) -> Float[Tensor, "*N"]:
    r"""Jensen-Shannon divergence in nats: :math:`\frac12 KL(a \| m) + \frac12 KL(b \| m),\ m = \frac12 (a + b)`.

    Between 0 and :math:`\ln 2`. Weights of zero count nothing, and have finite gradients.
    """
    middle = (one + other) / 2
    return (_divergence(one, middle) + _divergence(other, middle)) / 2


def total_variation(one: Float[Tensor, "*N C"], other: Float[Tensor, "*N C"]) -> Float[Tensor, "*N"]:
    r"""Total variation distance of two distributions over classes: :math:`\frac12 \sum_c |p_c - q_c|`, in [0, 1]."""
    return (one - other).abs().sum(-1) / 2


def mean_difference(one: Float[Tensor, "*N C"], other: Float[Tensor, "*N C"]) -> Float[Tensor, "*N"]:
    """The absolute difference, averaged over the numbers of an answer."""
    return (one - other).abs().mean(-1)


def answer_distance(task: Task, raw: Float[Tensor, "N C"]) -> Distance:
    """How answers of a task are compared, told by some raw numbers of its model.

    One class out of C: `total_variation` of the probabilities. Labels that stand alone: `mean_difference`, which is the
    total variation of each label, averaged. A value: the same, which is the difference in the unit of the target.
    """
    alone = is_value(task, raw) or task.choose(raw).ndim > 1
    return mean_difference if alone else total_variation


def change_from(task: Task, before: Float[Tensor, "N C"]) -> Change:
    """A function that tells how far other raw numbers answer from these: see `answer_distance`."""
    distance, known = answer_distance(task, before), task.probabilities(before)
    return lambda raw: distance(task.probabilities(raw), known)


def _divergence(one: Float[Tensor, "*N S"], middle: Float[Tensor, "*N S"]) -> Float[Tensor, "*N"]:
    # The middle is at least half of the one, so both are below the smallest number together.
    least = 1e-30
    return (one * (one.clamp(min=least) / middle.clamp(min=least)).log()).sum(-1)
