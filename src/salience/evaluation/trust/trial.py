"""What every test of the trust report is given: a model, an importance, and rows they have answered.

Legend: N rows, C outputs, U units of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jaxtyping import Float
from torch import Tensor

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.importance import Shapley
from salience.evaluation.importance.importance import Importance, Scores
from salience.evaluation.removal import Row
from salience.pipeline import Pipeline


@dataclass(frozen=True)
class Trial:
    """The importance `method` of `pipeline` on trial, on rows with four units or more.

    `raw` are the answers to the rows; `targets`, where they are known, and the groups of `bootstrap` are one per row.
    """

    pipeline: Pipeline
    method: Importance
    rows: Sequence[Row]
    raw: Float[Tensor, "N C"]
    #: What `method` says of the units of each row.
    scores: Sequence[Scores]
    targets: Sequence[Any] | None
    bootstrap: Bootstrap
    seed: int

    @property
    def shapley(self) -> Shapley:
        """How the contribution of parts is measured: in six pairs of orders, of at most 64 parts."""
        return Shapley(seed=self.seed)

    @property
    def title(self) -> str:
        """The name of the method as words."""
        return self.method.name.replace("_", " ")

    def bootstrap_of(self, index: Sequence[int]) -> Bootstrap:
        """The bootstrap of some of the rows."""
        groups = self.bootstrap.groups
        return replace(self.bootstrap, groups=None if groups is None else [groups[i] for i in index])
