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
    loops: bool = False  # a position looks at itself beside its edges
    times: bool = False


def mixed(scores: Tensor, source: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax and the weighted sum of the sources themselves."""
    weights = reference.softmax(scores[:, None], seen[:, None])
    return torch.einsum("bts,bsd->btd", weights[:, 0], source), weights


def in_heads(mechanism: nn.Module, query: Tensor, source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of each head of a mechanism with heads, [B, H, T or S, E]; shared ones are repeated."""
    width = query.shape[-1] // mechanism.heads

    def heads(projection: nn.Linear, values: Tensor) -> Tensor:
        projected = values @ projection.weight.T
        projected = projected if projection.bias is None else projected + projection.bias
        parts = projected.split(width, dim=-1)
        share = mechanism.heads // len(parts)
        return torch.stack([parts[head // share] for head in range(mechanism.heads)], dim=1)

    return heads(mechanism.query, query), heads(mechanism.key, source), heads(mechanism.value, source)


def joined(mechanism: nn.Module, out: Tensor) -> Tensor:
    """From the output of each head [B, H, T, E] to that of a mechanism with heads."""
    return torch.cat(out.unbind(dim=1), dim=-1) @ mechanism.out.weight.T + mechanism.out.bias
