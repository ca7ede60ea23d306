"""Attention of models that are not ours, recorded with their fused kernels on."""

from salience.recorder.recorder import AttentionRecorder
from salience.recorder.records import Kept, OneQuery, Recorded, Told

__all__ = ["AttentionRecorder", "Kept", "OneQuery", "Recorded", "Told"]
