"""From files to batches and back."""

from salience.data.catalogue import Entry, catalogue, entry
from salience.data.docstrings import docstrings
from salience.data.fetch import Check, Progress, get, missing, verify
from salience.data.finding import Finding
from salience.data.infer import Column, Inference, infer, labelled, parse_targets
from salience.data.loader import Loader, batch_order
from salience.data.quality import check
from salience.data.registry import DataFile, DataSet, data_home, known, lookup
from salience.data.sets import readable, rows
from salience.data.split import Split, default_split, split
from salience.data.splitters import ByBorders, ByColumn, ByGroup, ByHash, ByTime, Splitter, Stratified
from salience.data.synthetic import planted_chinese, planted_regression, planted_sentiment
from salience.data.synthetic_table import planted_table
from salience.data.table import column, read, stream

__all__ = [
    "ByBorders",
    "ByColumn",
    "ByGroup",
    "ByHash",
    "ByTime",
    "Check",
    "Column",
    "DataFile",
    "DataSet",
    "Entry",
    "Finding",
    "Inference",
    "Loader",
    "Progress",
    "Split",
    "Splitter",
    "Stratified",
    "batch_order",
    "catalogue",
    "check",
    "column",
    "data_home",
    "default_split",
    "docstrings",
    "entry",
    "get",
    "infer",
    "known",
    "labelled",
    "lookup",
    "missing",
    "parse_targets",
    "planted_chinese",
    "planted_regression",
    "planted_sentiment",
    "planted_table",
    "read",
    "readable",
    "rows",
    "split",
    "stream",
    "verify",
]
