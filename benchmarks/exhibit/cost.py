"""Measure what a mechanism costs for one input of some number of elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.measure import timed
from benchmarks.planted.cases import Case
from benchmarks.planted.tasks import pair

WIDTH, ROUNDS = 64, 7
SIZES = (64, 128, 256, 512, 1024, 2048)
# Beyond this a size is left out, in MiB.
MOST = 1024


@dataclass(frozen=True)
class Cost:
    """What one forward pass takes, what the received attention takes after it, and the peak memory of both."""

    elements: int
    milliseconds: float
    received_milliseconds: float
    mebibytes: float


def costs(case: Case) -> list[Cost]:
    """The cost at each size, down to the first that would need too much memory."""
    found: list[Cost] = []
    for size in SIZES:
        if found and 4 * found[-1].mebibytes > MOST:
            break
        found.append(cost(case, size))
    return found


def least_of(passes: Sequence[Sequence[Cost]]) -> list[Cost]:
    """The least of each size: what else a machine does comes and goes."""
    return [
        Cost(
            same[0].elements,
            min(each.milliseconds for each in same),
            min(each.received_milliseconds for each in same),
            min(each.mebibytes for each in same),
        )
        for same in zip(*passes, strict=True)
    ]


@torch.no_grad()
def cost(case: Case, size: int) -> Cost:
    """The cost of one input, in the mode for evaluation; the least of some rounds, as nothing is faster by accident."""
    torch.manual_seed(0)
    layout = case.task(1, torch.Generator().manual_seed(0), size=size, full=True).layout
    mechanism = (case.longer or case.make)(WIDTH).eval()
    query = torch.randn(1, layout.size, WIDTH)
    if case.task is pair:
        source, query_layout = torch.randn(1, layout.size, WIDTH), layout
    else:
        source, query_layout = None, None

    def forward() -> object:
        return mechanism(query, source, layout=layout, query_layout=query_layout)

    _, record = mechanism(query, source, layout=layout, query_layout=query_layout)
    seconds = least(forward)
    received = least(record.received)
    return Cost(layout.size, 1e3 * seconds, 1e3 * received, peak(lambda: forward()[1].received()) / 2**20)


def least(work: Callable[[], object]) -> float:
    """The least CPU time of some rounds, in seconds."""
    work()
    return min(timed(work).cpu for _ in range(ROUNDS))


def peak(work: Callable[[], object]) -> int:
    """The most bytes of tensors that are alive at once while something is done, of those that it makes."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    events = seen.profiler.kineto_results.events()
    changes = sorted((each.start_ns(), each.nbytes()) for each in events if each.name() == "[memory]")
    alive, most = 0, 0
    for _, change in changes:
        alive += change
        most = max(most, alive)
    return most
