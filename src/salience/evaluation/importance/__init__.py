"""Which parts of a row mattered to its answer: one method per file, all of one shape, (pipeline, rows) -> Heats."""

from salience.evaluation.importance.gradient_x_input import GradientXInput
from salience.evaluation.importance.integrated_gradients import IntegratedGradients, completeness_gap
from salience.evaluation.importance.leave_one_out import LeaveOneOut
from salience.evaluation.importance.random_order import RandomOrder
from salience.evaluation.importance.received import Received
from salience.evaluation.importance.rollout import Rollout
from salience.evaluation.importance.shapley import Shapley

__all__ = [
    "GradientXInput",
    "IntegratedGradients",
    "LeaveOneOut",
    "RandomOrder",
    "Received",
    "Rollout",
    "Shapley",
    "completeness_gap",
]
