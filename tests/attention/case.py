"""A row of the contract table: how to make a mechanism, what it should compute, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.kernels import reference

# (mechanism, query [B, T, D], source [B, S, D], seen [B, T, S], layout of the source)
#   -> (output [B, T, D], weights [B, H, T, S])
Reference = Callable[[nn.Module, Tensor, Tensor, Tensor, Layout], tuple[Tensor, Tensor]]
# (mechanism, layout) -> which source each query may look at, padding aside [#B, S, S]
Sight = Callable[[nn.Module, Layout], Tensor]


@dataclass(frozen=True)
class Case:
    """One row of the table. The reference is written down a second time and as plainly as possible."""

    name: str  # the class, and then what is special about this row
    make: Callable[[int], nn.Module]  # width -> mechanism
    reference: Reference
    heads: int = 1
    lazy: bool = False  # the record holds O((T + S) D) numbers
    causal: bool = False  # query t sees the sources 0 to t; self-attention only
    cross: bool = True  # may look at another sequence
    ordered: bool = False  # where a position stands matters
    normalised: bool = True  # the weights of a query sum to one
    every: bool = True  # each source in sight has some weight
    compared: bool = True  # every position's own values decide its weights, so that the record has gradients
    sees: Sight | None = None  # self-attention only
    grid: tuple[int, ...] | None = None  # of the longest example
    groups: bool = False
    edges: bool = False
    times: bool = False


def mixed(scores: Tensor, source: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax and the weighted sum of the sources themselves."""
    weights = reference.softmax(scores[:, None], seen[:, None])
    return torch.einsum("bts,bsd->btd", weights[:, 0], source), weights
