"""What a model says about one row, in the user's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from salience.tasks.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction: a class, a tuple of classes, a number, or the numbers to come.

    `probability` is the calibrated probability of the prediction; a number has none.
    `probabilities` holds every class, in the order of the task's labels. `rank` is the place of the row among those of
    its list that were answered with it, 1 for the highest; only a ranking has such.
    """

    prediction: str | float | tuple[str, ...] | Trajectory
    probability: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    rank: int | None = None
