"""Does it matter where a model looks? The same model is trained under several guides, and scored on the same rows.

References: Wiegreffe and Pinter 2019, "Attention is not not Explanation", sections 3.1 (the same weight everywhere) and
3.4 (weights of another model, for one that reads each word alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy, deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from salience.core.errors import ConfigError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.comparison.difference import ScoreChange, score_changes
from salience.evaluation.explanation.summary import DRAWS
from salience.evaluation.scores import answer_statistics
from salience.models.guided import Guide, Guided
from salience.models.model import Model
from salience.pipeline import Pipeline
from salience.training.fit import fit
from salience.training.module import Side
from salience.training.options import TrainOptions


@dataclass(frozen=True, slots=True)
class GuideComparison:
    """What a model scores under each guide, against the first of them, on the same draws of test rows."""

    reference: str
    #: Per other guide and score: the reference, the guide, and the difference between them.
    changes: dict[str, dict[str, ScoreChange]]
    num_rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def compare_guides(
    pipeline: Pipeline,
    guides: Mapping[str, Guide | None],
    train: Side,
    validation: Side,
    test: Side,
    *,
    options: TrainOptions,
    folder: Path,
    bootstrap: Bootstrap = DRAWS,
) -> GuideComparison:
    """Train new weights for the model of a pipeline once per guide, and score each on the test rows.

    With `{"uniform": uniform, "learned": None}` it tells what learned attention adds to the same model. For a model
    that reads each word alone (`reading_words_alone`) and `follow(another.model)`, it tells whether weights of the
    other model say something about words, or only about what that model made of them.

    Args:
        pipeline: what is trained anew; it stays as it is.
        guides: by name, the first one being the reference; None for a model that learns where to look.
        train: training rows.
        validation: rows that choose the epoch.
        test: rows to score on.
        options: of every training run.
        folder: of checkpoints, one folder inside it per guide.
        bootstrap: how test rows are drawn anew for intervals.

    Raises:
        ConfigError: there are not two guides.
        NotAvailable: the model was trained elsewhere, or what its pool gives is no function of weights.
    """
    if len(guides) < 2:
        raise ConfigError(f"expected at least two guides to compare, got {len(guides)}", fix='add "uniform": uniform')
    target = pipeline.task.encode(test.targets)
    statistics = {}
    for name, guide in guides.items():
        trained = train_guided(pipeline, guide, train, validation, options=options, folder=folder / name)
        answers = trained.task.probabilities(trained.raw(test.examples).double()).numpy()
        statistics[name] = answer_statistics(trained.task, answers, target)
    reference, *others = guides
    changes = {name: score_changes(statistics[reference], statistics[name], len(target), bootstrap) for name in others}
    return GuideComparison(reference, changes, len(target))


def train_guided(
    pipeline: Pipeline, guide: Guide | None, train: Side, validation: Side, *, options: TrainOptions, folder: Path
) -> Pipeline:
    """A pipeline with new weights, trained to answer while it looks where the guide says.

    Args:
        pipeline: what is trained anew; it stays as it is.
        guide: `uniform`, `follow(another_model)`, or None for a model that learns where to look.
        train: training rows.
        validation: rows that choose the epoch.
        options: of training; their seed is that of the weights.
        folder: of checkpoints.

    Raises:
        NotAvailable: the model was trained elsewhere, or what its pool gives is no function of weights.
    """
    made = renewed(pipeline, seed=options.seed)
    if guide is not None:
        # It is embedded, read and answers like a model of ours.
        made.model = cast(Model, Guided(made.model, guide))
    fit(made, train, validation, options=options, folder=folder)
    return made


def reading_words_alone(pipeline: Pipeline) -> Pipeline:
    """The same pipeline, untrained, with an encoder that reads each position alone (`FeedForward`)."""
    made = copy(pipeline)
    made.config = {**pipeline.config, "model": {**pipeline.config["model"], "encoder": "FeedForward"}}
    made.config["model"].pop("attention", None)
    return renewed(made, seed=0)


def renewed(pipeline: Pipeline, *, seed: int) -> Pipeline:
    """The same pipeline with new weights, and a task whose calibration is its own."""
    made = pipeline.untrained(seed=seed)
    made.task = deepcopy(pipeline.task)
    return made
