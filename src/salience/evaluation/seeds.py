"""Do models that were trained alike, with other seeds, point at the same parts? Ranks of the parts, pair by pair.

Legend: N rows, M members of an ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float

from salience.core.errors import DataError, NotAvailable
from salience.core.seed import derive
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.comparison.drift import rank_correlations
from salience.evaluation.importance import Received
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.importance.over_seeds import over_seeds
from salience.evaluation.plausibility.averages import mean_of_defined
from salience.evaluation.removal import Row, num_units, together
from salience.evaluation.score import Score
from salience.pipeline import Pipeline

#: A row of one unit has no order.
FEWEST_UNITS = 2
_CONSTANT = "a member finds all parts of every row equally important"


@dataclass(frozen=True, slots=True)
class SeedAgreement:
    """How far the members of an ensemble agree on what is important: means over rows, with intervals over rows."""

    method: str
    #: Rank correlations of the parts of a row, from -1 to 1, averaged over all pairs of members.
    spearman: Score
    kendall: Score
    #: The share of the parts of a row that are faint; see `over_seeds`.
    faint: Score
    num_members: int
    num_rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def seed_agreement(
    pipeline: Pipeline,
    rows: Sequence[Row],
    method: Importance | None = None,
    *,
    count: int = 256,
    seed: int = 0,
    draws: int = 2000,
) -> SeedAgreement:
    """Compare the importances of every two members of an ensemble.

    Args:
        rows: rows that training has not seen, as `pipeline.encode` has read them.
        method: how importance is measured; by default the attention that each part received.
        count: rows to compare on, at random; all if there are fewer. Rows of a single part are passed over.
        seed: chooses these rows, and the draws of the bootstrap.
        draws: of the bootstrap.

    Raises:
        NotAvailable: the pipeline has a single model.
        DataError: no row has two parts or more.
    """
    if not pipeline.members:
        raise NotAvailable("a single model has no other seeds to agree with", fix="train with --seeds 5")
    method = Received() if method is None else method
    order = np.random.default_rng(derive(seed, "rows")).permutation(len(rows))
    picked = [rows[i] for i in order if num_units(rows[i]) >= FEWEST_UNITS][:count]
    if not picked:
        raise DataError("expected a row with at least two parts, got none")
    by_member = method.of_members(pipeline, picked)
    found = np.array([_row([each[i] for each in by_member], method) for i in range(len(picked))])
    bootstrap = Bootstrap(draws, seed)
    spearman, kendall, faint = (
        bootstrap.estimate(mean_of_defined(column), len(column), undefined=_CONSTANT) for column in found.T
    )
    return SeedAgreement(method.name, spearman, kendall, faint, len(by_member), len(picked))


def _row(scores: Sequence[Scores], method: Importance) -> Float[np.ndarray, "3"]:
    """Mean rank correlations of Spearman and Kendall over the pairs of members, and the share of faint parts."""
    pairs = [rank_correlations(*pair) for pair in combinations([together(each) for each in scores], 2)]
    faint = np.concatenate([each.faint for each in over_seeds(scores, signed=method.signed).values()])
    return np.array([*np.mean(pairs, axis=0), faint.mean()])
