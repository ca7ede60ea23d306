"""How well can anyone agree? Each annotator is compared with the others, and the model takes the annotator's place.

Legend: N rows, L units, A annotators; 3 contenders: the importance, the position prior, the annotator.

For each annotator of a row, the others say what is right. Three contenders are scored against it: the importance of
the model, a position prior that has not read the row, and the annotator. With s the score, averaged over annotators and
rows,

    explained agreement = (s(importance) - s(position prior)) / (s(annotator) - s(position prior))

so that 0 is what positions alone tell, and 1 is one more person. The targets and the number of units to mark are the
same for all three. An importance may exceed 1: it can learn what people agree on, and one person has opinions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from salience.evaluation.bootstrap import Bootstrap, mean
from salience.evaluation.plausibility.averages import scores
from salience.evaluation.plausibility.marks import Row, Together
from salience.evaluation.plausibility.ranking import average_precision
from salience.evaluation.plausibility.tokens import select, token_scores
from salience.evaluation.score import Score
from salience.evaluation.skill import skills

_NAMES = ["importance", "position prior", "human"]
_NO_SCALE = "people do not certainly agree more with each other than with the position prior"


@dataclass(frozen=True, slots=True)
class Explained:
    """One score of the three contenders, and the share of human agreement that the importance explains."""

    importance: Score
    position_prior: Score
    human: Score
    share: Score


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What people reach against each other on rows that several have annotated, and how near the importance comes."""

    token_f1: Explained
    average_precision: Explained
    num_rows: int
    #: Annotators whose place was taken, over all these rows.
    num_places: int


def places(marks: Bool[np.ndarray, "A L"], together: Together) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The marks of each annotator, and what the others say, joined by `together`.

    An annotator who marked nothing has no place to take; and where the others mark everything or nothing, there is no
    question. Both are passed over.
    """
    for i in range(len(marks) if len(marks) > 1 else 0):
        target = together(np.delete(marks, i, axis=0))
        if marks[i].any() and target.any() and not target.all():
            yield marks[i], target


def measure_ceiling(
    rows: Sequence[Row],
    priors: Sequence[Float[np.ndarray, "L"]],
    *,
    together: Together,
    bootstrap: Bootstrap,
    generator: np.random.Generator,
) -> Ceiling | None:
    """Token F1 and average precision of the contenders; None where no row has two annotators to compare.

    Args:
        priors: one position prior per row.
        bootstrap: its groups, if it has any, are one per row.
    """
    taken = [list(places(row.marks, together)) for row in rows]
    kept = [n for n, each in enumerate(taken) if each]
    if not kept:
        return None
    numbers = np.stack([_numbers(rows[n], priors[n], taken[n], generator) for n in kept])
    groups = None if bootstrap.groups is None else [bootstrap.groups[n] for n in kept]
    inner = Bootstrap(bootstrap.draws, bootstrap.seed, groups)
    return Ceiling(
        token_f1=_explained(numbers[:, 0], inner),
        average_precision=_explained(numbers[:, 1], inner),
        num_rows=len(kept),
        num_places=sum(map(len, taken)),
    )


def _numbers(
    row: Row,
    prior: Float[np.ndarray, "L"],
    taken: Sequence[tuple[np.ndarray, np.ndarray]],
    generator: np.random.Generator,
) -> Float[np.ndarray, "2 3"]:
    """Token F1 and average precision of the three contenders, averaged over annotators."""
    found = []
    for own, target in taken:
        contenders = np.stack([row.importance, prior, own.astype(float)])
        selected = select(contenders, int(own.sum()), generator=generator)
        found.append([token_scores(selected, target)[2], average_precision(contenders, target)])
    return np.mean(found, axis=0)


def _explained(values: Float[np.ndarray, "N 3"], bootstrap: Bootstrap) -> Explained:
    importance, prior, human = scores(mean(values), len(values), bootstrap, undefined=_NO_SCALE)
    _, found = skills(values, _NAMES, bootstrap, reference="position prior", competitors=["human"])
    share = found["importance"]
    return Explained(
        importance, prior, human, share=share if share.value is not None else Score(None, reason=_NO_SCALE)
    )
