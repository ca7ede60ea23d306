"""Measure a pipeline: how good its answers are, and whether what it points at is what it uses."""

from salience.evaluation.bootstrap import estimate
from salience.evaluation.score import Score
from salience.evaluation.scores import (
    LOWER_IS_BETTER,
    ClassScores,
    class_scores,
    classification_scores,
    confusion,
    indicators,
    measure,
    multi_label_scores,
    regression_scores,
    task_scores,
)

__all__ = [
    "LOWER_IS_BETTER",
    "ClassScores",
    "Score",
    "class_scores",
    "classification_scores",
    "confusion",
    "estimate",
    "indicators",
    "measure",
    "multi_label_scores",
    "regression_scores",
    "task_scores",
]
