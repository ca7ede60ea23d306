"""Measure a pipeline: how good its answers are, and whether what it points at is what it uses."""

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.faithfulness import Faithfulness, measure_faithfulness
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
from salience.evaluation.trust import Trust, measure_trust

__all__ = [
    "LOWER_IS_BETTER",
    "Bootstrap",
    "ClassScores",
    "Faithfulness",
    "Score",
    "Trust",
    "class_scores",
    "classification_scores",
    "confusion",
    "indicators",
    "measure",
    "measure_faithfulness",
    "measure_trust",
    "multi_label_scores",
    "regression_scores",
    "task_scores",
]
