"""Do importances agree with what people mark, and with where people look?"""

from salience.evaluation.plausibility.agreement import Agreement, PrecisionRecallF1
from salience.evaluation.plausibility.ceiling import Ceiling, Explained
from salience.evaluation.plausibility.marks import majority, union
from salience.evaluation.plausibility.plausibility import Plausibility, measure_plausibility
from salience.evaluation.plausibility.prior import position_prior
from salience.evaluation.plausibility.ranking import auprc, average_precision
from salience.evaluation.plausibility.spans import iou, merged_counts, released_counts, spans
from salience.evaluation.plausibility.tokens import random_token_f1, select, token_scores

__all__ = [
    "Agreement",
    "Ceiling",
    "Explained",
    "Plausibility",
    "PrecisionRecallF1",
    "auprc",
    "average_precision",
    "iou",
    "majority",
    "measure_plausibility",
    "merged_counts",
    "position_prior",
    "random_token_f1",
    "released_counts",
    "select",
    "spans",
    "token_scores",
    "union",
]
