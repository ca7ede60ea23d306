"""Kinds of data a model can read. One file each; names here are public."""

from salience.data.modalities.text import Text

__all__ = ["Text"]
