"""Triton kernels on a GPU: exactness in bfloat16, and time beside the fastest SDPA and flipped FlexAttention.

Runs where there is a CUDA device, and says so where there is none. `python -m benchmarks.gpu` measures with the tiles
that are shipped; `python -m benchmarks.gpu tune` times other tiles first, and writes which were fastest.
"""

from __future__ import annotations

import itertools
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import measure
from benchmarks.measure import Row
from salience.kernels import flex
from salience.kernels.problem import Problem

if TYPE_CHECKING:
    from salience.kernels.triton.blocks import Blocks

WIDTHS = (64, 128)
LENGTHS = (2048, 4096, 8192, 16384)
HEADS = 16
# Positions of all examples together, so that every length fills the device.
POSITIONS = 32768
ROUNDS = 15
# Output and what was received, over the output alone.
BARS = {64: 2.0, 128: 1.85}
STEP = 1.6
EXACT = 1e-4


def main(words: list[str]) -> int:
    if not torch.cuda.is_available():
        print("There is no GPU here: nothing was measured. Run this on a machine with a CUDA device.")
        return 1
    rows, tiles = list(exactness()), {}
    if "tune" in words:
        tiles = tuned()
    for width, length in itertools.product(WIDTHS, LENGTHS):
        rows += speed(width, length, causal=False)
    for width in WIDTHS:
        rows += speed(width, 8192, causal=True)
        rows += training(width, 4096)
    measure.write("gpu", rows, gpu=torch.cuda.get_device_name(), triton=_version(), fastest_tiles=tiles)
    return 0


def exactness() -> Iterator[Row]:
    """Errors in bfloat16 against dense attention in float64 of the same inputs, relative to the largest number."""
    from salience.kernels.triton import attention

    for width, causal in itertools.product(WIDTHS, (False, True)):
        problem, value, weights = inputs(width, 1000, batch=1, causal=causal)
        leaves = [each.requires_grad_() for each in (problem.query, problem.key, value, weights)]
        told = attention(problem, value, weights=weights, entropy=True)
        slopes = torch.randn_like(told.out), torch.randn_like(told.received), torch.randn_like(told.entropy)
        parts = (told.out, told.received, told.entropy)
        found = torch.autograd.grad(sum((a * b).sum() for a, b in zip(parts, slopes, strict=True)), leaves)
        exact_parts, exact = dense(problem, value, weights, slopes, torch.float64)
        eager_parts, eager = dense(problem, value, weights, slopes, torch.bfloat16)
        kind = f"bfloat16, D = {width}{', causal' if causal else ''}"
        for name, mine, right, theirs in zip(
            (
                "output",
                "received",
                "entropy",
                "gradient of query",
                "gradient of key",
                "gradient of value",
                "gradient of weights",
            ),
            (*parts, *found),
            (*exact_parts, *exact),
            (*eager_parts, *eager),
            strict=True,
        ):
            bar = f"<= {EXACT:g}" if name == "received" else None
            yield Row(f"error of {name}, {kind}", error(mine, right), "of the largest", bar=bar)
            yield Row(f"error of {name} by eager attention, {kind}", error(theirs, right), "of the largest")


def dense(
    problem: Problem, value: Tensor, weights: Tensor, slopes: tuple[Tensor, ...], dtype: torch.dtype
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Output, received and entropy from the whole matrix, and gradients of query, key, value and weights."""
    leaves = [each.detach().to(dtype).requires_grad_() for each in (problem.query, problem.key, value, weights)]
    query, key, value, weights = leaves
    scores = query @ key.repeat_interleave(problem.share, 1).mT * problem.scale
    if problem.causal:
        scores = scores.masked_fill(torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1), -torch.inf)
    looked = scores.softmax(-1)
    entropy = -(looked * looked.clamp(min=torch.finfo(dtype).tiny).log()).sum(-1)
    parts = (looked @ value.repeat_interleave(problem.share, 1), weights @ looked, entropy)
    objective = sum((a * b.to(dtype)).sum() for a, b in zip(parts, slopes, strict=True))
    return parts, torch.autograd.grad(objective, leaves)


def speed(width: int, length: int, *, causal: bool) -> list[Row]:
    """Forward passes in turns with the fastest SDPA and with flipped FlexAttention."""
    from salience.kernels import triton as kernels

    problem, value, weights = inputs(width, length, causal=causal)
    lse = kernels.statistics(problem).lse
    sdpa, backend = fastest(problem, value, causal)
    times = in_turns(
        {
            "sdpa": sdpa,
            "both": lambda: kernels.attention(problem, value, weights=weights),
            "second": lambda: kernels.received(problem, lse, weights),
            "statistics": lambda: kernels.statistics(problem, value),
            "flex": lambda: flex.received(problem, lse, weights),
        }
    )
    kind = f"bfloat16, D = {width}, N = {length}{', causal' if causal else ''}"
    bar = f"<= {BARS[width]}" if length >= 4096 else None
    return [
        measure.median(f"fastest SDPA, {kind}", [1e3 * each for each in times["sdpa"]], "ms", note=backend),
        ratio(f"output and received over SDPA, {kind}", times["both"], times["sdpa"], bar),
        ratio(f"received alone over SDPA, {kind}", times["second"], times["sdpa"], None),
        ratio(f"output, entropy and largest weight over SDPA, {kind}", times["statistics"], times["sdpa"], None),
        ratio(f"received over flipped FlexAttention, {kind}", times["second"], times["flex"], "<= 1"),
    ]


def training(width: int, length: int) -> list[Row]:
    """A step that supervises what was received, in turns with one of the fastest SDPA that does not."""
    from salience.kernels.triton import attention

    problem, value, weights = inputs(width, length)
    leaves = [each.requires_grad_() for each in (problem.query, problem.key, value)]
    slope, gain = torch.randn_like(value), torch.randn_like(weights)
    sdpa, backend = fastest(problem, value, False)

    def supervised() -> None:
        told = attention(problem, value, weights=weights)
        torch.autograd.grad((told.out, told.received), leaves, (slope, gain))

    times = in_turns({"sdpa": lambda: torch.autograd.grad(sdpa(), leaves, slope), "ours": supervised})
    what = f"supervised over plain training step, bfloat16, D = {width}, N = {length}"
    return [ratio(what, times["ours"], times["sdpa"], f"<= {STEP}", note=backend)]


def tuned() -> dict[str, dict[str, Any]]:
    """The fastest tile of each kernel and width, with its time and that of the shipped one, in milliseconds."""
    found: dict[str, dict[str, Any]] = {}
    for width in WIDTHS:
        for name, call in kernels_by_tile(width).items():
            shipped = statistics.median(in_turns({"": partial(call, blocks=None)})[""])
            best, seconds = min(tried(call), key=lambda each: each[1])
            entry = {"tile": asdict(best), "ms": 1e3 * seconds, "shipped ms": 1e3 * shipped}
            found[f"{name}, D = {width}"] = entry
            print(f"{name}, D = {width}: {entry}", flush=True)
    return found


def kernels_by_tile(width: int) -> dict[str, Callable[..., Any]]:
    """Each kernel at 8,192 positions; `blocks` is the tile."""
    from salience.kernels.triton import launch

    problem, value, weights = inputs(width, 8192)
    told = launch.statistics(problem, value)
    slopes = launch.Slopes(torch.zeros_like(told.lse), told.out, value, weights, weights)
    return {
        "received": partial(launch.received, problem, told.lse, weights),
        "statistics": partial(launch.statistics, problem, value),
        "means": partial(launch.means, problem, told.lse, weights),
        "query": partial(launch.query_slope, problem, told.lse, slopes),
        "key": partial(launch.key_slope, problem, told.lse, slopes),
    }


def tried(call: Callable[..., Any]) -> Iterator[tuple[Blocks, float]]:
    """Tiles that the device can hold, with their time in seconds."""
    from triton.runtime.errors import OutOfResources

    from salience.kernels.triton.blocks import Blocks

    for sizes in itertools.product((32, 64, 128), (32, 64, 128), (4, 8), (2, 3)):
        blocks = Blocks(*sizes)
        try:
            yield blocks, statistics.median(in_turns({"": partial(call, blocks=blocks)}, rounds=5)[""])
        except OutOfResources:
            print(f"{blocks}: more memory than a program has")


def inputs(
    width: int, length: int, *, batch: int | None = None, causal: bool = False
) -> tuple[Problem, Tensor, Tensor]:
    """A problem in bfloat16, its values, and one vector of query weights."""
    batch = batch or max(1, POSITIONS // length)
    generator = torch.Generator("cuda").manual_seed(width + length)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, device="cuda", generator=generator)

    query, key, value = (random(batch, HEADS, length, width).bfloat16() for _ in range(3))
    return Problem(query, key, width**-0.5, causal=causal), value, random(batch, HEADS, 1, length)


def fastest(problem: Problem, value: Tensor, causal: bool) -> tuple[Callable[[], Tensor], str]:
    """The SDPA backend that is fastest here, and its name."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    def call(backend: SDPBackend) -> Callable[[], Tensor]:
        def run() -> Tensor:
            with sdpa_kernel(backend):
                return F.scaled_dot_product_attention(problem.query, problem.key, value, is_causal=causal)

        return run

    calls = {each: call(each) for each in (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION)}
    times = {each: statistics.median(times) for each, times in in_turns(calls, rounds=5).items()}
    best = min(times, key=lambda each: times[each])
    return calls[best], best.name


def in_turns(works: dict[Any, Callable[[], Any]], *, rounds: int = ROUNDS) -> dict[Any, list[float]]:
    """Seconds on the device of each work, in turns (A B A B ...), after two turns that do not count."""
    turns = [{name: timed(work) for name, work in works.items()} for _ in range(rounds + 2)]
    return {name: [turn[name] for turn in turns[2:]] for name in works}


def timed(work: Callable[[], Any]) -> float:
    start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    work()
    stop.record()
    torch.cuda.synchronize()
    return start.elapsed_time(stop) / 1e3


def ratio(what: str, upper: list[float], lower: list[float], bar: str | None, note: str = "") -> Row:
    return measure.median(what, [a / b for a, b in zip(upper, lower, strict=True)], "x", bar=bar, note=note)


def error(found: Tensor, exact: Tensor) -> float:
    return ((found.double() - exact.double()).abs().max() / exact.abs().max()).item()


def _version() -> str:
    import triton

    return triton.__version__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
