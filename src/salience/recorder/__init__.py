"""Attention of models that are not ours, recorded with their fused kernels on."""

from salience.recorder.merge import Box, Part, Parts, merge, patches, words
from salience.recorder.recorder import AttentionRecorder
from salience.recorder.records import Kept, OneQuery, Recorded, Told

__all__ = [
    "AttentionRecorder",
    "Box",
    "Kept",
    "OneQuery",
    "Part",
    "Parts",
    "Recorded",
    "Told",
    "merge",
    "patches",
    "words",
]
