"""Do people mark the same parts? The agreement of importances with human rationales, between chance and human ceiling.

Legend: N rows, L units of a row, A annotators, M permutations.

That people agree does not make an importance true: it may look right and not be what the model uses. So this is never
mixed with what `measure_faithfulness` finds.

References: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models"; Mathew et al. 2021,
"HateXplain: A Benchmark Dataset for Explainable Hate Speech Detection".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from salience.core.errors import ConfigError, DataError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.plausibility.agreement import Agreement, agreement, row_numbers
from salience.evaluation.plausibility.averages import mean_of_defined
from salience.evaluation.plausibility.ceiling import Ceiling, measure_ceiling
from salience.evaluation.plausibility.marks import Importances, Rationale, Row, Together, read, union
from salience.evaluation.plausibility.prior import position_prior
from salience.evaluation.plausibility.ranking import permuted
from salience.evaluation.plausibility.tokens import random_token_f1
from salience.evaluation.score import Score

#: Random orders of the same importances that are averaged for the chance level.
PERMUTATIONS = 20


@dataclass(frozen=True, slots=True)
class Plausibility:
    """How well importances agree with what people marked, beside chance, a position prior and people themselves."""

    importance: Agreement
    #: The same numbers on random units: the chance level of every score.
    permuted: Agreement
    #: The token F1 that a random selection is expected to have, 2 r k / (L (r + k)), averaged over rows.
    random_token_f1: Score
    #: How often units at the same relative position are marked in other rows; None with fewer than two rows.
    position_prior: Agreement | None
    #: None where no row has two annotators.
    ceiling: Ceiling | None
    #: Units that each importance marks; None for as many as people marked.
    k: int | None
    #: How the marks of several annotators become one target.
    together: str
    #: Rows that are annotated, and rows that nobody annotated: these are skipped.
    num_rows: int
    num_unannotated: int
    #: Annotated rows without any mark. They count in `iou_released` alone.
    num_empty: int
    #: Annotated rows where every unit is marked. With the empty ones, they are left out of both areas.
    num_full: int
    seed: int
    draws: int
    permutations: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_plausibility(
    heats: Sequence[Importances],
    rationales: Sequence[Rationale],
    *,
    k: int | None = None,
    together: Together = union,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
    draws: int = 2000,
) -> Plausibility:
    """Compare importances with what people marked.

    Units are ranked by their importance as it is, sign and all: one that speaks against the prediction comes last. Give
    absolute numbers to rank by size.

    Args:
        heats: per row, the heats of its units, or one number per unit.
        rationales: per row, one mark per unit (true or false), or one row of marks per annotator, or None where nobody
            was asked. A row in which people found nothing to mark is not None but all false.
        k: how many units an importance marks in each row; as many as people marked there if not given.
        together: how the marks of several annotators become one target: `union` or `majority`.
        groups: a label per row (an author, a document) whose rows are not independent: intervals are drawn from groups.
        seed: of ties, permutations and draws.
        draws: of the bootstrap; 0 for no intervals.

    Raises:
        DataError: nothing is annotated, or rows, units, marks and groups do not fit each other.
        ConfigError: `k` is not positive.

    >>> heats = [[0.1, 0.6, 0.2, 0.1], [0.5, 0.1, 0.1, 0.3], [0.2, 0.3, 0.5]]
    >>> rationales = [[False, True, True, False], [True, False, False, False], None]
    >>> found = measure_plausibility(heats, rationales, draws=0)
    >>> found.importance.tokens.f1.value, found.random_token_f1.value, found.num_unannotated
    (1.0, 0.375, 1)
    """
    if k is not None and k < 1:
        raise ConfigError(f"expected to mark at least one unit per row, got k={k}")
    listed = read(heats, rationales)
    if groups is not None and len(groups) != len(listed):
        raise DataError(f"expected one group per row, {len(listed):,}, got {len(groups):,}")
    index = [n for n, row in enumerate(listed) if row is not None]
    rows = [row for row in listed if row is not None]
    if not rows:
        raise DataError(f"expected at least one annotated row, got {len(listed):,} rows of which none is")
    bootstrap = Bootstrap(draws, seed, None if groups is None else [groups[n] for n in index])
    return _measured(rows, bootstrap, k=k, together=together, num_unannotated=len(listed) - len(rows))


def _measured(
    rows: Sequence[Row], bootstrap: Bootstrap, *, k: int | None, together: Together, num_unannotated: int
) -> Plausibility:
    generator = np.random.default_rng(bootstrap.seed)
    targets = [together(row.marks) for row in rows]

    def scored(rankings: Callable[[int], Float[np.ndarray, "M L"]]) -> Agreement:
        numbers = [
            row_numbers(rankings(n), targets[n], row.texts, k=k, generator=generator) for n, row in enumerate(rows)
        ]
        return agreement(np.stack(numbers), bootstrap)

    priors = _priors(rows)
    ceiling = None
    if priors is not None:
        ceiling = measure_ceiling(rows, priors, together=together, bootstrap=bootstrap, generator=generator)
    return Plausibility(
        importance=scored(lambda n: rows[n].importance[None]),
        permuted=scored(lambda n: permuted(rows[n].importance, PERMUTATIONS, generator=generator)),
        random_token_f1=_random(targets, k, bootstrap),
        position_prior=None if priors is None else scored(lambda n: priors[n][None]),
        ceiling=ceiling,
        k=k,
        together=getattr(together, "__name__", repr(together)),
        num_rows=len(rows),
        num_unannotated=num_unannotated,
        num_empty=sum(not target.any() for target in targets),
        num_full=sum(bool(target.any() and target.all()) for target in targets),
        seed=bootstrap.seed,
        draws=bootstrap.draws,
        permutations=PERMUTATIONS,
    )


def _priors(rows: Sequence[Row]) -> list[Float[np.ndarray, "L"]] | None:
    """The position prior of each row, if there are others to learn it from."""
    several = sum(len(row.importance) > 0 for row in rows) > 1
    return position_prior([row.marks for row in rows]) if several else None


def _random(targets: Sequence[np.ndarray], k: int | None, bootstrap: Bootstrap) -> Score:
    def expected(target: np.ndarray) -> float:
        marked = int(target.sum())
        return random_token_f1(len(target), marked, min(len(target), k or marked)) if marked else float("nan")

    values = np.array([expected(each) for each in targets])
    return bootstrap.estimate(mean_of_defined(values), len(targets), undefined="no row has a mark")
