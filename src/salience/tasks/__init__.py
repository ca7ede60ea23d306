"""What is asked of a model: target, head, loss, decoding and the number being explained. One file each.

`__all__` holds what a config can name; `Answer`, `Trajectory`, `ranked` and the contracts `Task`, `Averaging` and
`Grouping` stand beside it.
"""

from salience.tasks.answer import Answer as Answer
from salience.tasks.classification import Classification
from salience.tasks.forecast import Forecast
from salience.tasks.multi_label import MultiLabel
from salience.tasks.ranking import Ranking
from salience.tasks.ranking import ranked as ranked
from salience.tasks.regression import Regression
from salience.tasks.task import Averaging as Averaging
from salience.tasks.task import Grouping as Grouping
from salience.tasks.task import Task as Task
from salience.tasks.trajectory import Trajectory as Trajectory

__all__ = ["Classification", "Forecast", "MultiLabel", "Ranking", "Regression"]
