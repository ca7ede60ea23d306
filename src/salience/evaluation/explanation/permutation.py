"""Does it matter to the answer which position was given which weight? (Jain and Wallace 2019)

Legend: B examples of a batch, N rows, P permutations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import ConfigError
from salience.core.seed import derive
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation.distance import change_from
from salience.evaluation.explanation.looking import largest_weight, looks, read
from salience.evaluation.explanation.summary import DRAWS, Breakdown, break_down, predicted
from salience.models.intervene import LastLook
from salience.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Permuted:
    """What becomes of the answer when the weights of a row are dealt out anew: the median change of each row."""

    change: Breakdown
    permutations: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_permutation(
    pipeline: Pipeline, rows: Iterable[Any], *, permutations: int = 100, seed: int = 0, bootstrap: Bootstrap = DRAWS
) -> Permuted:
    """For each row, the median over random permutations of how far the answer moves (`answer_distance`).

    Everything before the last looks stays as it is. The heads of a look are permuted alike. Cost: one prediction, and
    one answer from there on per permutation.

    Args:
        rows: rows that training has not seen.
        permutations: how many per row.
        seed: what they follow from.

    Raises:
        ConfigError: there is no permutation to make.
        DataError: there are no rows.
        NotAvailable: what the model answers is no function of where it looks.

    Reference: Jain and Wallace 2019, "Attention is not Explanation", section 4.2.1.
    """
    if permutations < 1:
        raise ConfigError(f"expected at least one permutation, got {permutations}")
    encoded = read(pipeline, rows)
    generator = torch.Generator().manual_seed(derive(seed, "permutations"))
    change, largest = np.zeros(len(encoded)), np.zeros(len(encoded))
    for index, look in looks(pipeline, encoded):
        change[index] = _medians(pipeline, look, permutations, generator).double().numpy(force=True)
        largest[index] = largest_weight(look).double().numpy(force=True)
    classes = predicted(pipeline, pipeline.raw(encoded))
    return Permuted(break_down(change, classes, largest, bootstrap), permutations, seed)


def _medians(pipeline: Pipeline, look: LastLook, permutations: int, generator: torch.Generator) -> Float[Tensor, "B"]:
    change = change_from(pipeline.task, look.told(look.weights))
    changes = []
    for _ in range(permutations):
        changes.append(change(look.told([each.shuffled(generator) for each in look.looks])))
    # With an even number of permutations it is the mean of the two in the middle.
    return torch.stack(changes).quantile(0.5, dim=0)
