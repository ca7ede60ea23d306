"""Messages of a graph as numbers with a gradient: each has a factor, one, on what it tells in every layer along edges.

An edge has no numbers of its own, but an answer has a gradient by how much of its messages arrives.

Legend: B examples, M messages of an example, U units of a row.

Reference: Ying et al. 2019, "GNNExplainer: Generating Explanations for Graph Neural Networks", section 5, where it is
the gradient by the adjacency matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.core.batch import Batch, Example, Layout


def factors(batch: Batch) -> dict[str, Float[Tensor, "B M"]]:
    """The factors of all columns that have edges: one, and zero after the last message of an example."""
    return {
        column: _real(each.layout).float() for column, each in batch.streams.items() if each.layout.edges is not None
    }


def told(batch: Batch, factors: Mapping[str, Float[Tensor, "B M"]]) -> Batch:
    """The same batch, of whose messages so much arrives."""
    streams = dict(batch.streams)
    for column, each in factors.items():
        layout = streams[column].layout
        streams[column] = replace(streams[column], layout=replace(layout, strength=each[_real(layout)]))
    return replace(batch, streams=streams)


def of_units(example: Example, messages: Float[Tensor, "M"]) -> Float[np.ndarray, "U"]:
    """Numbers of messages summed into numbers of the edges they belong to; zero for nodes."""
    if example.links is None:
        return np.zeros(len(example.places))
    owner = example.links.owner
    values = messages[: len(owner)].double().numpy(force=True)
    return np.bincount(owner[owner >= 0], values[owner >= 0], minlength=len(example.places))


def _real(layout: Layout) -> Bool[Tensor, "B M"]:
    """Which places hold a message, if those of each example stand in a row; they come example after example."""
    assert layout.edges is not None
    counts = torch.bincount(layout.edges[1] // max(1, layout.size), minlength=len(layout.lengths))
    return torch.arange(int(counts.max()), device=counts.device) < counts[:, None]
