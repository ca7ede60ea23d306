"""Tensor functions without parameters: attention, its weights, its masks."""

from salience.kernels.attend import attend
from salience.kernels.scored import Scored

__all__ = ["Scored", "attend"]
