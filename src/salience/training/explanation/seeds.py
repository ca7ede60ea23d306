"""How far does attention differ by chance alone? The same model is trained with several seeds.

Reference: Wiegreffe and Pinter 2019, "Attention is not not Explanation", section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from salience.core.errors import ConfigError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation.difference import Difference, measure_difference
from salience.evaluation.explanation.summary import DRAWS
from salience.pipeline import Pipeline
from salience.training.explanation.guides import renewed
from salience.training.fit import fit
from salience.training.module import Side
from salience.training.options import TrainOptions


def measure_seeds(
    base: Pipeline,
    train: Side,
    validation: Side,
    rows: Iterable[Any],
    *,
    seeds: Sequence[int],
    options: TrainOptions,
    folder: Path,
    bootstrap: Bootstrap = DRAWS,
) -> dict[int, Difference]:
    """Train the model of a pipeline anew with each seed, and say how far each looks and answers from the pipeline.

    Args:
        base: a trained pipeline; it stays as it is.
        train: training rows.
        validation: rows that choose the epoch.
        rows: rows to compare on, which training has not seen.
        seeds: of weights and of training; others than that of `base`.
        options: of every training run; their seed is not used.
        folder: of checkpoints, one folder inside it per seed.
        bootstrap: how rows are drawn anew for intervals.

    Raises:
        ConfigError: there is no seed.
        DataError: there are no rows to compare on.
        NotAvailable: the model was trained elsewhere.
    """
    if not seeds:
        raise ConfigError("expected at least one seed to train with, got none")
    given, found = list(rows), {}
    for seed in seeds:
        other = renewed(base, seed=seed)
        fit(other, train, validation, options=replace(options, seed=seed), folder=folder / str(seed))
        found[seed] = measure_difference(base, other, given, bootstrap=bootstrap)
    return found
