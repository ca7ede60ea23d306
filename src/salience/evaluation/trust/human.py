"""T7, human: do people mark the same parts? Told by itself, because people may agree on what is not true.

The numbers are those of `evaluation.plausibility`. The verdict is on the average precision against what people marked:
it has to be better than a position prior that has not read the rows, and than the same importances in random order.

Legend: N rows, U units of a row.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from salience.core.errors import DataError
from salience.data import rationale
from salience.evaluation.plausibility import measure_plausibility
from salience.evaluation.plausibility.marks import Rationale
from salience.evaluation.removal import together
from salience.evaluation.score import Score
from salience.evaluation.trust.outcome import Measured, unavailable
from salience.evaluation.trust.trial import Trial

NAME = "human"
QUESTION = "Do people mark the same parts?"


#: Of one row: marks for the units of all its columns, or for some columns what people marked in them.
Marks = Rationale | Mapping[str, rationale.Rationale | None]


def human(trial: Trial, rationales: Sequence[Marks] | None) -> Measured:
    """Compare the importances with what people marked, given for each row of the trial."""
    if rationales is None:
        return unavailable(NAME, QUESTION, "no marks of people were given")
    scores, marks, groups = zip(*_marked(trial, rationales), strict=True)
    try:
        found = measure_plausibility(
            scores,
            marks,
            # What stands in one row is not independent.
            groups=groups if len(groups) > len(trial.rows) else trial.bootstrap.groups,
            seed=trial.seed,
            draws=trial.bootstrap.draws,
        )
    except DataError as error:
        return unavailable(NAME, QUESTION, error.problem)
    own, chance = found.importance.average_precision, found.permuted.average_precision
    prior = None if found.position_prior is None else found.position_prior.average_precision
    statistics = {"average_precision": own, "random": chance, "token_f1": found.importance.tokens.f1}
    if prior is not None:
        statistics["position"] = prior
    if found.ceiling is not None:
        statistics["explained"] = found.ceiling.average_precision.share
    beside = [each for each in (chance, prior) if each is not None]
    word, meaning = _verdict(own, beside)
    told = ", ".join(f"{name.replace('_', ' ')} {score}" for name, score in statistics.items())
    return Measured(NAME, QUESTION, statistics, verdict=word, sentence=f"{meaning} ({told}).")


def _marked(trial: Trial, rationales: Sequence[Marks]) -> Iterator[tuple[Float[np.ndarray, "U"], Rationale, Hashable]]:
    """Importances, marks and group of each row, or of each marked column of each row."""
    groups = trial.bootstrap.groups or range(len(trial.rows))
    for row, scores, marks, group in zip(trial.rows, trial.scores, rationales, groups, strict=True):
        if not isinstance(marks, Mapping):
            yield together(scores), marks, group
            continue
        for column, each in marks.items():
            yield scores[column], None if each is None else each.marks(row[column].places), group


def _verdict(own: Score, beside: Sequence[Score]) -> tuple[str, str]:
    """pass or fail where the intervals are apart."""
    if own.value is None or own.low is None or own.high is None:
        return "inconclusive", "Too few rows have marks"
    if all(each.high is not None and own.low > each.high for each in beside):
        return "pass", "It marks what people mark, better than chance and than positions alone"
    if any(each.low is not None and own.high < each.low for each in beside):
        return "fail", "It marks what people mark less than chance or positions alone would"
    return "inconclusive", "It is not certain that it marks what people mark more than chance or positions alone would"
