"""Kinds of data a model can read. One file each; names here are public."""

from salience.data.modalities.graph import Graph
from salience.data.modalities.series import Series
from salience.data.modalities.table import Table
from salience.data.modalities.text import Text

__all__ = ["Graph", "Series", "Table", "Text"]
