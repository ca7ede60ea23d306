"""Is attention explanation? The experiments of Jain and Wallace 2019, and of Wiegreffe and Pinter 2019, as functions.

They measure a pipeline that is there; those that train one are in `salience.training.explanation`.
"""

from salience.evaluation.explanation.alternative import Alternatives, measure_alternatives
from salience.evaluation.explanation.correlation import Correlation, Correlations, kendall_tau, measure_correlations
from salience.evaluation.explanation.difference import Difference, measure_difference
from salience.evaluation.explanation.distance import (
    FURTHEST,
    answer_distance,
    jensen_shannon,
    mean_difference,
    total_variation,
)
from salience.evaluation.explanation.gradient import FixedAttentionGradient
from salience.evaluation.explanation.output_change import OutputChange
from salience.evaluation.explanation.permutation import Permuted, measure_permutation
from salience.evaluation.explanation.summary import Breakdown, Summary

__all__ = [
    "FURTHEST",
    "Alternatives",
    "Breakdown",
    "Correlation",
    "Correlations",
    "Difference",
    "FixedAttentionGradient",
    "OutputChange",
    "Permuted",
    "Summary",
    "answer_distance",
    "jensen_shannon",
    "kendall_tau",
    "mean_difference",
    "measure_alternatives",
    "measure_correlations",
    "measure_difference",
    "measure_permutation",
    "total_variation",
]
