"""Two models on the same rows: how far scores, answers and importances differ, all on the same draws."""

from salience.evaluation.comparison.comparison import Comparison, compare_pipelines
from salience.evaluation.comparison.difference import ScoreChange, score_changes
from salience.evaluation.comparison.drift import TOP, Drift, measure_drift

__all__ = [
    "TOP",
    "Comparison",
    "Drift",
    "ScoreChange",
    "compare_pipelines",
    "measure_drift",
    "score_changes",
]
