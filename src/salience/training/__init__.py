"""Change a pipeline: training, with checkpoints and a history."""

from salience.training.fit import Fitted, fit
from salience.training.members import fit_members
from salience.training.module import Epoch, Side
from salience.training.options import TrainOptions

__all__ = ["Epoch", "Fitted", "Side", "TrainOptions", "fit", "fit_members"]
