"""From files to batches and back."""

from salience.data.catalogue import Entry, catalogue, entry
from salience.data.docstrings import docstrings
from salience.data.fetch import Check, Progress, get, missing, verify
from salience.data.finding import Finding
from salience.data.graph import Graph
from salience.data.graph_links import predict_links
from salience.data.graph_outside import from_networkx, from_pyg
from salience.data.graph_planetoid import read_planetoid
from salience.data.graph_synthetic import planted_graph
from salience.data.graph_table import read_graph, read_graphs
from salience.data.graph_tables import GraphTables
from salience.data.infer import Column, Inference, infer, labelled, parse_targets
from salience.data.loader import Loader, batch_order
from salience.data.quality import check
from salience.data.registry import DataFile, DataSet, data_home, known, lookup
from salience.data.sets import readable, rows
from salience.data.split import Split, default_split, split
from salience.data.splitters import ByBorders, ByColumn, ByGroup, ByHash, ByTime, Splitter, Stratified
from salience.data.synthetic import planted_chinese, planted_regression, planted_sentiment
from salience.data.synthetic_series import planted_series
from salience.data.synthetic_table import planted_pair, planted_table
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
    "Graph",
    "GraphTables",
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
    "from_networkx",
    "from_pyg",
    "get",
    "infer",
    "known",
    "labelled",
    "lookup",
    "missing",
    "parse_targets",
    "planted_chinese",
    "planted_graph",
    "planted_pair",
    "planted_regression",
    "planted_sentiment",
    "planted_series",
    "planted_table",
    "predict_links",
    "read",
    "read_graph",
    "read_graphs",
    "read_planetoid",
    "readable",
    "rows",
    "split",
    "stream",
    "verify",
]
