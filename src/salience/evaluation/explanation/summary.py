"""A number per row, summed up: over all rows, by what was predicted, and by how peaked the attention was.

Legend: N rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.plausibility.averages import mean_of_defined
from salience.evaluation.removal_shift import is_value
from salience.evaluation.score import Score
from salience.pipeline import Pipeline

#: Where no draws are asked for by name.
DRAWS = Bootstrap()
#: The largest weight of a row is sorted into quarters between 0 and 1, as in the figures of Jain and Wallace.
QUARTERS = 4
_NO_ROWS = "there are no such rows"


@dataclass(frozen=True, slots=True)
class Summary:
    """The mean over rows with its interval, the standard deviation over rows, and how many rows there were."""

    mean: Score
    deviation: float | None
    num_rows: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A number per row over all rows, by predicted class, and by the largest weight of the row."""

    overall: Summary
    #: Empty for a value, and for labels that stand alone.
    by_class: dict[str, Summary]
    #: Rows whose largest weight is in [0, 0.25), [0.25, 0.5), [0.5, 0.75), [0.75, 1].
    by_largest_weight: tuple[Summary, ...]


def summarise(values: Float[np.ndarray, "N"], bootstrap: Bootstrap) -> Summary:
    """Sum up numbers of rows, of which NaN are left out."""
    defined = values[np.isfinite(values)]
    score = bootstrap.estimate(mean_of_defined(values), len(values), undefined=_NO_ROWS)
    return Summary(score, float(defined.std()) if len(defined) else None, len(defined))


def break_down(
    values: Float[np.ndarray, "N"], classes: Sequence[str], largest: Float[np.ndarray, "N"], bootstrap: Bootstrap
) -> Breakdown:
    """Sum up numbers of rows over all rows and over groups of rows.

    Args:
        classes: what `predicted` gives.
        largest: the largest weight of each row.
    """
    quarter = np.minimum((largest * QUARTERS).astype(int), QUARTERS - 1)
    return Breakdown(
        summarise(values, bootstrap),
        {name: summarise(only(values, classes, name), bootstrap) for name in sorted(set(classes))},
        tuple(summarise(np.where(quarter == each, values, np.nan), bootstrap) for each in range(QUARTERS)),
    )


def only(values: Float[np.ndarray, "N"], classes: Sequence[str], name: str) -> Float[np.ndarray, "N"]:
    """The numbers of the rows of one class, and NaN for all others."""
    return np.where(np.array(classes) == name, values, np.nan)


def predicted(pipeline: Pipeline, raw: Float[Tensor, "N C"]) -> list[str]:
    """The class that each row was given; nothing where the task is not to choose one class."""
    if not len(raw) or is_value(pipeline.task, raw) or pipeline.task.choose(raw).ndim > 1:
        return []
    return [str(answer.prediction) for answer in pipeline.task.decode(raw)]
