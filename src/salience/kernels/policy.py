"""How large tiles are, and which kernel answers: stated once, for all kernels.

Measured on CPU, in 32-bit numbers. A tile should stay in the second level cache, a panel of whole rows in the third;
matrix products want at least 32 rows, and gain little from more than 256.
"""

from __future__ import annotations

import torch
from torch import Tensor

from salience.kernels.problem import Problem

# Numbers in one tile of the second pass.
TILE = 2**18
# Numbers in one panel of whole rows.
PANEL = 2**20
# The same on an accelerator, where starting a kernel costs more than memory.
ON_DEVICE = 2**25
# Sources up to which a panel of whole rows is faster than the fused kernel and a second pass.
PANEL_SOURCES = 8192
# Weights up to which it is faster to make them all.
DENSE = 2**16


def prefers_second_pass(problem: Problem, value: Tensor | None) -> bool:
    """Is the output from a fused kernel, and then a second pass, faster than panels of whole rows?

    Above 8,192 sources panels leave the cache. Without a value there is nothing to take from the fused kernel, and in a
    window panels are small however many sources there are.
    """
    return value is not None and problem.window is None and problem.shape[3] > PANEL_SOURCES


def dense(problem: Problem) -> bool:
    """Are there so few weights that making them all is fastest?"""
    batch, heads, queries, sources = problem.shape
    return batch * heads * queries * sources <= DENSE


def panel(problem: Problem) -> tuple[int, int]:
    """How many queries (of each head that shares a key) and how many units one panel of whole rows holds."""
    _, _, queries, sources = problem.shape
    on_cpu = problem.query.device.type == "cpu"
    budget, most = (PANEL, 256) if on_cpu else (ON_DEVICE, 4096)
    width = max(1, sources if problem.window is None else min(sources, 2 * problem.window + most))
    stacked = min(max(budget // width, 32), most)
    rows = max(1, min(queries, stacked // problem.share))
    return rows, _units(problem, rows * problem.share * width, budget)


def tile(problem: Problem) -> tuple[int, int, int]:
    """How many queries (of each head that shares a key), sources and units one tile of the second pass holds."""
    _, _, queries, sources = problem.shape
    budget = TILE if problem.query.device.type == "cpu" else ON_DEVICE
    side = max(16, int(budget**0.5))
    if problem.causal:
        # Half of the work lies above the diagonal, and tiles that are small beside the whole miss most of it.
        side = min(side, max(128, queries // 8))
    columns = max(1, min(sources, side))
    rows = max(1, min(queries, side // problem.share))
    return rows, columns, _units(problem, rows * problem.share * columns, budget)


def _units(problem: Problem, numbers: int, budget: int) -> int:
    # On CPU each thread multiplies the matrices of a unit of its own.
    threads = torch.get_num_threads() if problem.query.device.type == "cpu" else 1
    return max(threads, budget // numbers)
