"""Attention and what it tells, as Triton kernels for CUDA. Import it only where `triton` is there."""

from salience.kernels.triton.attention import attention
from salience.kernels.triton.launch import received, statistics

__all__ = ["attention", "received", "statistics"]
