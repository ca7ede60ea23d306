"""What is asked of a model: target, head, loss, decoding and the number being explained. One file each."""

from salience.tasks.answer import Answer
from salience.tasks.classification import Classification
from salience.tasks.multi_label import MultiLabel
from salience.tasks.regression import Regression
from salience.tasks.task import Task

__all__ = ["Answer", "Classification", "MultiLabel", "Regression", "Task"]
