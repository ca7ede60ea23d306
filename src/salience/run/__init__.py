"""A run: from a table to a folder with model, numbers, pictures and a page; and back to answers."""

from salience.run.result import Result
from salience.run.run import Run, fit, load

__all__ = ["Result", "Run", "fit", "load"]
