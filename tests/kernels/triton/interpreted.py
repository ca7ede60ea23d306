"""Runs every case through the kernels in Triton's interpreter, and saves what came out; a process of its own.

The interpreter is chosen when kernels are defined, and the types that tests check elsewhere would wrap them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

os.environ["TRITON_INTERPRET"] = "1"

import torch
from torch import Tensor

from salience.core.errors import NotAvailable
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics
from salience.kernels.triton import attention, blocks, gradients, launch
from tests.kernels.triton import cases

# These run with the tiles that are shipped, the others with tiles that take the interpreter less time.
SHIPPED = ("plain", "half")
_shipped = blocks.chosen


def main(path: str) -> None:
    torch.set_num_threads(1)
    # This fills fresh memory with NaN: a cell that nobody wrote cannot pass for a zero.
    torch.use_deterministic_algorithms(True)
    answers = {}
    for name, make in cases.CASES.items():
        blocks.chosen = _shipped if name in SHIPPED else lambda *_, **__: blocks.Blocks(32, 32, 4, 1)
        answers[name] = asdict(answer(make()))
    parts = {each.__name__: each() for each in (in_parts, through_autograd, received_alone, nothing_asked, empty)}
    errors = {name: message(call) for name, call in REFUSED.items()}
    torch.save({"answers": answers, "errors": errors, **parts}, path)


def answer(case: cases.Case) -> cases.Answer:
    told = launch.statistics(case.problem, case.value)
    received = launch.received(case.problem, told.lse, case.weights)
    means = launch.means(case.problem, told.lse, case.received_slope)
    slopes = Statistics(
        out=case.out_slope, received=case.received_slope, entropy=case.entropy_slope, lse=case.lse_slope
    )
    found = gradients.gradients(case.problem, case.value, case.weights, found=told, slopes=slopes)
    return cases.Answer(
        told.out, told.lse, told.entropy, told.max, received, means, found.query, found.key, found.value, found.weights
    )


def in_parts() -> list[Tensor]:
    """What sources received, twice, as on a device that this little work does not fill."""
    case = cases.plain(vectors=3, causal=True)
    told = launch.statistics(case.problem)
    alone, launch._multiprocessors = launch._multiprocessors, lambda device: 16
    assert launch._parts(4, 2, case.problem.query.device) == 2
    received = [launch.received(case.problem, told.lse, case.weights) for _ in range(2)]
    launch._multiprocessors = alone
    return received


def through_autograd() -> dict[str, Tensor]:
    """The answer to the plain case by the function that is differentiable."""
    case = cases.plain()
    leaves = _leaves(case)
    problem = replace(case.problem, query=leaves["query"], key=leaves["key"])
    told = attention(problem, leaves["value"], weights=leaves["weights"], entropy=True, maximum=True, lse=True)
    (
        (told.out * case.out_slope).sum()
        + (told.received * case.received_slope).sum()
        + (told.entropy * case.entropy_slope).sum()
        + (told.lse * case.lse_slope).sum()
    ).backward()
    told = {name: getattr(told, name).detach() for name in ("out", "received", "entropy", "max", "lse")}
    return told | {name: leaf.grad for name, leaf in leaves.items()}


def received_alone() -> dict[str, Tensor]:
    """Gradients of what sources received, without a value."""
    case = cases.plain()
    leaves = _leaves(case)
    told = attention(replace(case.problem, query=leaves["query"], key=leaves["key"]), weights=leaves["weights"])
    (told.received * case.received_slope).sum().backward()
    return {name: leaves[name].grad for name in ("query", "key", "weights")}


def nothing_asked() -> list[bool]:
    """What is None where nothing but the output was asked for: received, entropy, max, lse."""
    case = cases.plain()
    told = attention(case.problem, case.value)
    return [getattr(told, name) is None for name in ("received", "entropy", "max", "lse")]


def empty() -> list[dict[str, Tensor]]:
    """What attention tells, with gradients, where there are no sources, and where there are no queries."""
    found = []
    for queries, sources in ((3, 0), (0, 5)):
        query, key = (torch.ones(1, 2, size, 16, requires_grad=True) for size in (queries, sources))
        weights = torch.ones(1, 2, 1, queries)
        told = attention(Problem(query, key, 1.0), key, weights=weights, entropy=True, lse=True)
        (told.out.sum() + told.received.sum()).backward()
        names = ("out", "received", "entropy", "lse")
        found.append({name: getattr(told, name).detach() for name in names} | {"query": query.grad, "key": key.grad})
    return found


def _leaves(case: cases.Case) -> dict[str, Tensor]:
    inputs = {"query": case.problem.query, "key": case.problem.key, "value": case.value, "weights": case.weights}
    return {name: values.clone().requires_grad_() for name, values in inputs.items()}


def _top() -> None:
    attention(cases.plain().problem, top=3)


def _slope_of_bias() -> None:
    case = cases.biased_by_source()
    attention(replace(case.problem, bias=case.problem.bias.requires_grad_()))


def _slope_of_maximum() -> None:
    case = cases.plain()
    leaves = _leaves(case)
    attention(replace(case.problem, query=leaves["query"]), maximum=True).max.sum().backward()


def _far_apart() -> None:
    query = torch.empty_strided((1, 1, 3, 16), (1, 1, 2**30, 1), device="meta")
    launch.statistics(Problem(query, query, 1.0))


REFUSED: dict[str, Callable[[], Any]] = {
    "top": _top,
    "slope of bias": _slope_of_bias,
    "slope of maximum": _slope_of_maximum,
    "double precision": lambda: attention(cases.plain(torch.float64).problem),
    "far apart": _far_apart,
    "too wide": lambda: attention(cases.plain(width=129).problem),
}


def message(call: Callable[[], Any]) -> str:
    try:
        call()
    except NotAvailable as error:
        return str(error)
    return "no error"


if __name__ == "__main__":
    main(sys.argv[1])
