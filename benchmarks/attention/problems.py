"""The inputs that kernels are measured on: 8 heads of width 64 in float32, of usual and of sharp scores.

Queries, keys and values are drawn from a normal distribution with one seed. Multiplied by 16, the queries make scores
of up to about 100, so that each looks at a few sources only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

HEADS, WIDTH = 8, 64
SPREAD = {"usual": 1.0, "sharp": 16.0}


@dataclass(frozen=True)
class Size:
    """How much is looked at."""

    positions: int
    batch: int = 1
    causal: bool = False
    heads: int = HEADS

    def __str__(self) -> str:
        times = f"{self.batch} x " if self.batch > 1 else ""
        heads = f", {self.heads} heads" if self.heads != HEADS else ""
        return f"N = {times}{self.positions:,}{heads}{', causal' if self.causal else ''}"

    def tensors(self, *, spread: float = 1.0, count: int = 3, dtype: torch.dtype = torch.float32) -> list[Tensor]:
        """Query, key, value and as many more as are counted; the queries hold the spread."""
        generator = torch.Generator().manual_seed(self.positions)
        shape = (self.batch, self.heads, self.positions, WIDTH)
        made = [torch.randn(shape, generator=generator, dtype=dtype) for _ in range(count)]
        made[0] *= spread
        return made

    def sdpa(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """The yardstick: the fused kernel of torch."""
        return F.scaled_dot_product_attention(query, key, value, is_causal=self.causal)


def sizes() -> Iterator[Size]:
    """Those that kernels are timed at; two heads of the longest, since heads are computed one after the other."""
    for causal in (False, True):
        yield Size(512, batch=8, causal=causal)
        yield Size(2048, causal=causal)
        yield Size(8192, causal=causal, heads=2)


def eager(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Output and all weights, step by step as models do when they are asked for their attention."""
    scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
    weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
    return (weights @ value).transpose(1, 2).contiguous(), weights
