"""How far two models look, and answer, from each other on the same rows (Wiegreffe and Pinter 2019).

Legend: N rows, U units of a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from salience.core.errors import DataError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation.distance import answer_distance, jensen_shannon
from salience.evaluation.explanation.looking import read
from salience.evaluation.explanation.summary import DRAWS, Summary, only, predicted, summarise
from salience.evaluation.importance import Received
from salience.evaluation.importance.importance import Importance
from salience.evaluation.removal import together
from salience.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Difference:
    """What lies between two models: in where they look, and in what they answer."""

    #: Jensen-Shannon divergence of the weights of units, in nats, at most ln 2 = 0.693.
    divergence: Summary
    #: Change of the answer: see `answer_distance`.
    change: Summary
    #: The divergence by the class that the first model predicts; empty where the task is not to choose one.
    by_class: dict[str, Summary]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_difference(
    first: Pipeline,
    second: Pipeline,
    rows: Iterable[Any],
    *,
    attention: Importance | None = None,
    bootstrap: Bootstrap = DRAWS,
) -> Difference:
    """Compare where two models look, and what they answer.

    Between seeds of one model it is the noise that any other difference has to exceed; between a model and its
    adversary it is what the adversary has reached.

    Args:
        rows: rows that training has not seen.
        attention: by default `Received()`; its numbers of a row must sum to one.

    Raises:
        DataError: there are no rows, or the models cut a row into other units.

    Reference: Wiegreffe and Pinter 2019, "Attention is not not Explanation", sections 3.3 and 4.
    """
    method = Received() if attention is None else attention
    given = list(rows)
    encoded = [read(each, given) for each in (first, second)]
    pairs = zip(method.scores(first, encoded[0]), method.scores(second, encoded[1]), strict=True)
    divergence = np.array([_divergence(together(one), together(other)) for one, other in pairs])
    raw, other = first.raw(encoded[0]), second.raw(encoded[1])
    classes = predicted(first, raw)
    distance = answer_distance(first.task, raw)
    change = distance(first.task.probabilities(raw), second.task.probabilities(other)).double().numpy()
    return Difference(
        summarise(divergence, bootstrap),
        summarise(change, bootstrap),
        {name: summarise(only(divergence, classes, name), bootstrap) for name in sorted(set(classes))},
    )


def _divergence(one: Float[np.ndarray, "U"], other: Float[np.ndarray, "U"]) -> float:
    """NaN for a row without units."""
    if len(one) != len(other):
        raise DataError(
            f"the models cut a row into {len(one)} and {len(other)} units, so there is nothing to compare",
            fix="compare models that read their columns alike",
        )
    if not len(one):
        return float("nan")
    return float(jensen_shannon(torch.from_numpy(one), torch.from_numpy(other)))
