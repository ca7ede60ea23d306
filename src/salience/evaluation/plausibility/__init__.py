"""Do importances agree with what people mark, and with where people look?"""

from salience.evaluation.plausibility.agreement import Agreement, PrecisionRecallF1
from salience.evaluation.plausibility.ceiling import Ceiling, Explained
from salience.evaluation.plausibility.density import (
    blurred,
    centre_biases,
    fixation_density,
    mixed,
    normalised_density,
    rescaled,
    softmax_density,
)
from salience.evaluation.plausibility.fixation import (
    auc,
    auc_judd,
    cc,
    information_gain,
    kl_divergence,
    nss,
    shuffled_auc,
    sim,
)
from salience.evaluation.plausibility.gaze import Gaze, MapScores, measure_gaze
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
    "Gaze",
    "MapScores",
    "Plausibility",
    "PrecisionRecallF1",
    "auc",
    "auc_judd",
    "auprc",
    "average_precision",
    "blurred",
    "cc",
    "centre_biases",
    "fixation_density",
    "information_gain",
    "iou",
    "kl_divergence",
    "majority",
    "measure_gaze",
    "measure_plausibility",
    "merged_counts",
    "mixed",
    "normalised_density",
    "nss",
    "position_prior",
    "random_token_f1",
    "released_counts",
    "rescaled",
    "select",
    "shuffled_auc",
    "sim",
    "softmax_density",
    "spans",
    "token_scores",
    "union",
]
