"""Features of nodes as numbers a model can read, on a scale that training nodes decide.

Legend: N nodes, F features, B examples, S positions, Z features that are not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.data.graph import Features, Graph

#: Values of positions whose node is not read: one with the features of the average training node, and one without any
#: (all zero).
BLANK, BARE = -1, -2
SCALES = ("standard", "rows", "none")


@dataclass(frozen=True)
class Scaling:
    """What was learned of the features of training nodes; `mean` is that of scaled features."""

    scale: str
    sparse: bool
    centre: Float[np.ndarray, "F"]
    spread: Float[np.ndarray, "F"]
    mean: Float[np.ndarray, "F"]

    @classmethod
    def fit(cls, rows: Features, scale: str | None) -> Scaling:
        """Learn from the rows of training nodes. By default sparse rows sum to one, and dense ones are standardised."""
        sparse = bool(scipy.sparse.issparse(rows))
        scale = scale or ("rows" if sparse else "standard")
        centre, spread = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
        if scale == "standard" and not sparse:
            centre = rows.mean(0, dtype=np.float64)
        if scale == "standard":
            # Sparse features are divided only: taking a mean away would fill them.
            square = rows.multiply(rows).mean(0) if sparse else ((rows - centre) ** 2).mean(0)
            spread = np.sqrt(np.asarray(square).ravel())
            spread = np.where(spread > 0, spread, 1.0)
        unscaled = cls(scale, sparse, centre, spread, np.zeros(rows.shape[1]))
        mean = np.asarray(unscaled.scaled(rows).mean(0)).ravel()
        return cls(scale, sparse, centre, spread, mean)

    def scaled(self, rows: Features) -> Features:
        """The features of some nodes."""
        if self.scale == "rows":
            total = np.abs(rows).sum(1)
            total = np.where(total > 0, total, 1.0)
            return rows.multiply(1 / total[:, None]).tocsr() if self.sparse else rows / total[:, None]
        if self.sparse:
            return rows.multiply(1 / self.spread[None]).tocsr()
        return (rows - self.centre) / self.spread

    def padded(self, examples: Sequence[tuple[Graph | None, Int[np.ndarray, "S"]]], size: int) -> Tensor:
        """What the stem reads, [B, size, F]: the nodes of each example, then zeros. Sparse features stay sparse."""
        if self.sparse:
            return self._sparse(examples, size)
        values = np.zeros((len(examples), size, len(self.mean)), dtype=np.float32)
        for row, (graph, nodes) in enumerate(examples):
            known = nodes >= 0
            if graph is not None and known.any():
                values[row, : len(nodes)][known] = self.scaled(graph.features[nodes[known]])
            values[row, : len(nodes)][nodes == BLANK] = self.mean
        return torch.from_numpy(values)

    def _sparse(self, examples: Sequence[tuple[Graph | None, Int[np.ndarray, "S"]]], size: int) -> Tensor:
        parts: list[tuple[Any, Any, Any]] = []
        for row, (graph, nodes) in enumerate(examples):
            known = np.flatnonzero(nodes >= 0)
            if graph is not None and len(known):
                found = self.scaled(graph.features[nodes[known]]).tocoo()
                parts.append((row * size + known[found.coords[0]], found.coords[1], found.data))
            blank = np.flatnonzero(nodes == BLANK)
            feature = np.flatnonzero(self.mean)
            parts.append(
                (
                    row * size + blank.repeat(len(feature)),
                    np.tile(feature, len(blank)),
                    np.tile(self.mean[feature], len(blank)),
                )
            )
        place, feature, value = (np.concatenate([part[i] for part in parts]) for i in range(3))
        order = np.argsort(place, kind="stable")
        place = place[order]
        indices = np.stack([place // max(1, size), place % max(1, size), feature[order]])
        return torch.sparse_coo_tensor(
            torch.from_numpy(indices.astype(np.int64)),
            torch.from_numpy(value[order].astype(np.float32)),
            (len(examples), size, len(self.mean)),
            is_coalesced=True,
            check_invariants=False,
        )

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        arrays = {name: getattr(self, name).tolist() for name in ("centre", "spread", "mean")}
        return {"scale": self.scale, "sparse": self.sparse, **arrays}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Scaling:
        """The inverse of `to_json`."""
        arrays = {name: np.array(state[name], dtype=np.float64) for name in ("centre", "spread", "mean")}
        return cls(state["scale"], state["sparse"], **arrays)
