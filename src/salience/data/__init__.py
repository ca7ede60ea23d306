"""From files to batches and back."""

from salience.data.catalogue import Entry, catalogue, entry
from salience.data.docstrings import docstrings
from salience.data.fetch import Check, Progress, get, missing, verify
from salience.data.registry import DataFile, DataSet, data_home, known, lookup
from salience.data.sets import readable, rows
from salience.data.synthetic import planted_chinese, planted_regression, planted_sentiment

__all__ = [
    "Check",
    "DataFile",
    "DataSet",
    "Entry",
    "Progress",
    "catalogue",
    "data_home",
    "docstrings",
    "entry",
    "get",
    "known",
    "lookup",
    "missing",
    "planted_chinese",
    "planted_regression",
    "planted_sentiment",
    "readable",
    "rows",
    "verify",
]
