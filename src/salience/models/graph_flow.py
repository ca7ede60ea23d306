"""What flowed to each of many answers that were computed at once in one graph, listed: nothing is computed twice.

Legend: R answers, K positions asked about in each, N positions of the batch, E edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from torch import Tensor

from salience.core.errors import NotAvailable
from salience.core.record import Attention
from salience.kernels.asked import Asked
from salience.kernels.edges import Edges


@dataclass(frozen=True)
class Flows:
    """Shares of each answer, in sparse matrices. Rows of `nodes` sum to one, rows of `edges` to what does not stay."""

    nodes: scipy.sparse.csr_array  # [R, N]
    edges: scipy.sparse.csr_array  # [R, E]


def flows(records: Sequence[Attention]) -> Flows:
    """What `rollout` and `along_edges` say, for every answer of a batch that holds one graph.

    Cost: one step for each answer and each edge that leads to it, in time and memory.

    Raises:
        NotAvailable: the records are not those of a `GraphStack` with `AtNode` or `AtPair`, or a mechanism adds loops.
    """
    *layers, pool = records
    if not isinstance(pool, Asked) or not all(isinstance(each, Edges) and not each.looped for each in layers):
        raise NotAvailable(
            "flows to many answers at once are told for layers along edges under AtNode or AtPair only",
            fix="let the data add loops (self_loops of Graph), not the mechanism; or ask for rollout and along_edges",
        )
    positions = pool.positions.numpy(force=True)
    answers, each = positions.shape
    size = pool.shape[0] * pool.shape[3]
    start = np.arange(answers + 1) * each
    held = scipy.sparse.csr_array((np.full(positions.size, 1 / each), positions.flatten(), start), (answers, size))
    found = None
    for record in reversed(layers):
        assert isinstance(record, Edges)
        source, target, weight = (_array(part) for part in (record.sources, record.targets, record.edge_weights()))
        count = len(source)
        told = scipy.sparse.coo_array((weight.mean(0), (target, np.arange(count))), (size, count)).tocsr()
        along = (1 - record.stays) * (held @ told)
        found = along if found is None else found + along
        back = scipy.sparse.csr_array((np.ones(count), source, np.arange(count + 1)), (count, size))
        held = record.stays * held + along @ back if record.stays else along @ back
    edges = scipy.sparse.csr_array((answers, 0)) if found is None else found / len(layers)
    return Flows(held, edges)


def _array(values: Tensor) -> np.ndarray:
    return values.numpy(force=True)
