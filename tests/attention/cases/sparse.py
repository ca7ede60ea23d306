"""Mechanisms with heads whose weights are exactly zero for most sources."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from salience import attention
from salience.core.batch import Layout
from salience.kernels import reference
from tests.attention.case import Case, Reference, in_heads, joined

# (the seen scores of one query) -> its weights
Row = Callable[[nn.Module, Tensor], Tensor]


def rowwise(weigh: Row) -> Reference:
    """Each row of scores by itself, without what is not seen."""

    def answer(mechanism: nn.Module, query: Tensor, source: Tensor, seen: Tensor, layout: Layout):
        queries, keys, values = in_heads(mechanism, query, source)
        scores = torch.einsum("bhte,bhse->bhts", queries, keys) / queries.shape[-1] ** 0.5
        seen = seen[:, None].expand(scores.shape)
        weights = torch.zeros_like(scores)
        for index in seen.any(-1).nonzero().unbind(0):
            row = tuple(index)
            weights[row] = weights[row].masked_scatter(seen[row], weigh(mechanism, scores[row][seen[row]]))
        return joined(mechanism, torch.einsum("bhts,bhse->bhte", weights, values)), weights

    return answer


def entmax(mechanism: nn.Module, scores: Tensor) -> Tensor:
    """The threshold of the largest support whose scores all lie above it, for every support by itself."""
    power = 1 / (mechanism.alpha - 1)
    scores = scores * (mechanism.alpha - 1)
    assert power in (1, 2)
    for ranked in (scores.sort(descending=True).values[:size] for size in range(len(scores), 0, -1)):
        if power == 1:
            threshold = (ranked.sum() - 1) / len(ranked)
        else:
            spare = 1 - (ranked - ranked.mean()).square().sum()
            if spare <= 0:
                continue
            threshold = ranked.mean() - (spare / len(ranked)).sqrt()
        if (ranked > threshold).all():
            return torch.where(scores > threshold, scores - threshold, 0.0) ** power
    raise AssertionError("the highest score alone is always a support")


def sparsemax(mechanism: nn.Module, scores: Tensor) -> Tensor:
    above = scores.sort(descending=True).values
    sizes = [size for size in range(1, len(above) + 1) if 1 + size * above[size - 1] > above[:size].sum()]
    return (scores - (above[: sizes[-1]].sum() - 1) / sizes[-1]).relu()


def top_k(mechanism: nn.Module, scores: Tensor) -> Tensor:
    lowest = scores.sort(descending=True).values[: mechanism.k][-1]
    return reference.softmax(scores[None, None, None], (scores >= lowest)[None, None, None])[0, 0, 0]


CASES = (
    Case("Entmax", lambda width: attention.Entmax(width, heads=3), rowwise(entmax), heads=3, every=False, lazy=True),
    Case(
        "Entmax alpha",
        lambda width: attention.Entmax(width, alpha=2.0, heads=3),
        rowwise(entmax),
        heads=3,
        every=False,
        lazy=True,
    ),
    Case(
        "Sparsemax",
        lambda width: attention.Sparsemax(width, heads=3),
        rowwise(sparsemax),
        heads=3,
        every=False,
        lazy=True,
    ),
    Case("TopK", lambda width: attention.TopK(width, k=3, heads=3), rowwise(top_k), heads=3, every=False, lazy=True),
)
