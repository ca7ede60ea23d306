"""Tensors in, tensors out: checks what a kernel can do, lays out its arguments, and starts one program per block.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a head, D width of a value,
W vectors of weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import triton
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import NotAvailable
from salience.kernels.problem import Problem
from salience.kernels.row_panel import Statistics
from salience.kernels.triton import blocks as tables
from salience.kernels.triton.backward import key_kernel, query_kernel
from salience.kernels.triton.blocks import Blocks
from salience.kernels.triton.means import means_kernel
from salience.kernels.triton.received import received_kernel
from salience.kernels.triton.statistics import statistics_kernel

LOG2E = 1 / math.log(2)
# The smallest side of a tile that tensor cores multiply.
GROUP = 16
_FARTHEST = 2**31
_TYPES = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Slopes:
    """What reaches the weights of a row: slopes of the output, of what sources received, and of the entropy.

    `value` belongs to `out`, and `weights` to `received`. `shift` is each row's mean of the slopes of its weights.
    """

    shift: Float[Tensor, "B H T"]
    out: Float[Tensor, "B H T D"] | None = None
    value: Float[Tensor, "B G S D"] | None = None
    received: Float[Tensor, "B H W S"] | None = None
    weights: Float[Tensor, "B H W T"] | None = None
    entropy: Float[Tensor, "B H T"] | None = None

    @property
    def width(self) -> int:
        """D, 0 without a slope of the output."""
        return 0 if self.value is None else self.value.shape[3]


def received(
    problem: Problem, lse: Float[Tensor, "B H T"], weights: Float[Tensor, "B H W T"], *, blocks: Blocks | None = None
) -> Float[Tensor, "B H W S"]:
    r"""What each source received, :math:`r_s = \sum_t w_t P_{ts}`, given the log-sum-exp of each row. In float32.

    Raises:
        NotAvailable: tensors off CUDA, of other types than float32, float16 and bfloat16, or heads wider than 128.
    """
    batch, heads, queries, sources = problem.shape
    vectors = weights.shape[2]
    group, groups = _grouped(vectors)
    blocks = blocks or _blocks("received" if group == 1 else "received many", problem)
    programs = triton.cdiv(sources, blocks.columns) * batch * heads
    parts = _parts(programs * groups, triton.cdiv(queries, blocks.rows), problem.query.device)
    out = problem.query.new_empty((parts, batch, heads, vectors, sources), dtype=torch.float32)
    arguments = _described(problem) | {"lse": _base_two(problem, lse), "weights": _numbers(weights), "out": out}
    constants = _constants(problem, blocks) | {"VECTORS": group, "PARTS": parts}
    _start(received_kernel, (programs, parts, groups), arguments | {"vectors": vectors}, constants)
    return out.sum(0) if parts > 1 else out[0]


def statistics(
    problem: Problem, value: Float[Tensor, "B G S D"] | None = None, *, blocks: Blocks | None = None
) -> Statistics:
    """The log-sum-exp, entropy and largest weight of each row, and with a `value` the output, in one pass.

    Rows that see nothing are zero, with a log-sum-exp of minus infinity. In float32, the output in the type of `value`.

    Raises:
        NotAvailable: tensors off CUDA, of other types than float32, float16 and bfloat16, or heads wider than 128.
    """
    batch, heads, queries, _ = problem.shape
    blocks = blocks or _blocks("statistics", problem, 0 if value is None else value.shape[3])
    out = None if value is None else value.new_empty((batch, heads, queries, value.shape[3]))
    lse, entropy, maximum = problem.query.new_empty((3, batch, heads, queries), dtype=torch.float32)
    arguments = _described(problem) | _of_value(value)
    arguments |= {"asked": _bytes(problem.asked), "out": out, "lse": lse, "entropy": entropy, "maximum": maximum}
    programs = triton.cdiv(queries, blocks.rows) * batch * heads
    _start(statistics_kernel, (programs,), arguments, _constants(problem, blocks) | _widths(value))
    return Statistics(out=out, lse=lse, entropy=entropy, max=maximum)


def means(
    problem: Problem, lse: Float[Tensor, "B H T"], numbers: Float[Tensor, "B H W S"], *, blocks: Blocks | None = None
) -> Float[Tensor, "B H W T"]:
    r"""Each row's mean of a number per source, :math:`\sum_s P_{ts} g_s`, given its log-sum-exp. In float32.

    Raises:
        NotAvailable: tensors off CUDA, of other types than float32, float16 and bfloat16, or heads wider than 128.
    """
    batch, heads, queries, _ = problem.shape
    vectors = numbers.shape[2]
    group, groups = _grouped(vectors)
    blocks = blocks or _blocks("means" if group == 1 else "means many", problem)
    out = problem.query.new_empty((batch, heads, vectors, queries), dtype=torch.float32)
    arguments = _described(problem) | {"lse": _base_two(problem, lse), "numbers": _numbers(numbers), "out": out}
    programs = triton.cdiv(queries, blocks.rows) * batch * heads
    constants = _constants(problem, blocks) | {"VECTORS": group}
    _start(means_kernel, (programs, groups), arguments | {"vectors": vectors}, constants)
    return out


def query_slope(
    problem: Problem, lse: Float[Tensor, "B H T"], slopes: Slopes, *, blocks: Blocks | None = None
) -> Float[Tensor, "B H T E"]:
    """The slope of the query.

    Raises:
        NotAvailable: tensors off CUDA, of other types than float32, float16 and bfloat16, or heads wider than 128.
    """
    batch, heads, queries, _ = problem.shape
    blocks = blocks or _blocks("query", problem, slopes.width)
    total = torch.empty_like(problem.query, memory_format=torch.contiguous_format)
    arguments = _described(problem) | _of_slopes(problem, lse, slopes) | {"query_slope": total}
    programs = triton.cdiv(queries, blocks.rows) * batch * heads
    _start(query_kernel, (programs,), arguments, _backward_constants(problem, slopes, blocks))
    return total


def key_slope(
    problem: Problem, lse: Float[Tensor, "B H T"], slopes: Slopes, *, blocks: Blocks | None = None
) -> tuple[Float[Tensor, "B G S E"], Float[Tensor, "B G S D"] | None]:
    """The slopes of key and value; of the latter None where the output has no slope.

    Raises:
        NotAvailable: tensors off CUDA, of other types than float32, float16 and bfloat16, or heads wider than 128.
    """
    batch, groups, sources, _ = problem.key.shape
    blocks = blocks or _blocks("key", problem, slopes.width)
    value = slopes.value
    total = torch.empty_like(problem.key, memory_format=torch.contiguous_format)
    value_total = None if value is None else torch.empty_like(value, memory_format=torch.contiguous_format)
    arguments = _described(problem) | _of_slopes(problem, lse, slopes)
    arguments |= {"key_slope": total, "value_slope": value_total}
    programs = triton.cdiv(sources, blocks.columns) * batch * groups
    _start(key_kernel, (programs,), arguments, _backward_constants(problem, slopes, blocks))
    return total, value_total


def _start(kernel: Any, grid: tuple[int, ...], arguments: dict[str, Any], constants: dict[str, Any]) -> None:
    query = arguments["query"]
    if query.dtype not in _TYPES:
        raise NotAvailable(
            f"the Triton kernels compute in {', '.join(map(str, _TYPES))}, and the query is in {query.dtype}",
            fix="convert query, key and value, or ask for another backend",
        )
    # Kernels are of another type where they are interpreted, which needs no GPU.
    if query.device.type != "cuda" and isinstance(kernel, triton.JITFunction):
        raise NotAvailable(
            f"the Triton kernels run on CUDA, and the query is on {query.device}",
            fix="move the tensors to a GPU, or ask for another backend",
        )
    if math.prod(grid):
        # Triton starts on the current device, whatever the tensors are on.
        with torch.cuda.device(query.device if query.device.type == "cuda" else -1):
            kernel[grid](**arguments, **constants)


def _described(problem: Problem) -> dict[str, Any]:
    """The arguments that say what is seen; scores are scaled for powers of two."""
    batch, heads, queries, sources = problem.shape
    bias = None if problem.bias is None else problem.bias.expand(batch, heads, queries, sources)
    return {
        **_strided("query", problem.query),
        **_strided("key", problem.key),
        **_strides("bias", (0, 0, 0, 0) if bias is None else bias.stride()),
        "bias": bias,
        "seen": _bytes(problem.seen),
        "scale": problem.scale * LOG2E,
        "heads": heads,
        "share": problem.share,
        "queries": queries,
        "sources": sources,
        "offset": problem.offset,
        "window": problem.window,
    }


def _of_value(value: Tensor | None) -> dict[str, Any]:
    if value is None:
        return {"value": None, **_strides("value", (0, 0, 0))}
    return _strided("value", value)


def _of_slopes(problem: Problem, lse: Tensor, slopes: Slopes) -> dict[str, Any]:
    return {
        **_of_value(slopes.value),
        "lse": _base_two(problem, lse),
        "shift": _numbers(slopes.shift),
        "out_slope": None if slopes.out is None else slopes.out.contiguous(),
        "weights": _numbers(slopes.weights),
        "received_slope": _numbers(slopes.received),
        "entropy_slope": _numbers(slopes.entropy),
        "vectors": 0 if slopes.weights is None else slopes.weights.shape[2],
    }


def _strided(name: str, tensor: Tensor) -> dict[str, Any]:
    """A tensor whose vectors lie together, and its other strides."""
    tensor = tensor if tensor.stride(-1) == 1 else tensor.contiguous()
    if tensor.shape[2] * tensor.stride(2) >= _FARTHEST:
        raise NotAvailable(
            f"the Triton kernels count places of one head in 32 bits, and the {name} has more",
            where=f"shape {tuple(tensor.shape)}, strides {tensor.stride()}",
            fix="make it contiguous, or ask for another backend",
        )
    return {name: tensor, **_strides(name, tensor.stride()[:3])}


def _strides(name: str, strides: tuple[int, ...]) -> dict[str, Any]:
    axes = ("example", "head", "row", "column")
    return {f"{name}_{axis}": stride for axis, stride in zip(axes, strides, strict=False)}


def _base_two(problem: Problem, lse: Float[Tensor, "B H T"]) -> Float[Tensor, "B H T"]:
    """Log-sum-exps in base 2, plus infinity where a row sees nothing or does not count: then its weights are zero."""
    counts = lse > -torch.inf
    if problem.asked is not None:
        counts = counts & problem.asked[:, None]
    return torch.where(counts, lse * LOG2E, torch.inf).float().contiguous()


def _bytes(mask: Tensor | None) -> Tensor | None:
    return None if mask is None else mask.contiguous().view(torch.uint8)


def _numbers(values: Tensor | None) -> Tensor | None:
    return None if values is None else values.float().contiguous()


def _grouped(vectors: int) -> tuple[int, int]:
    """How many vectors a program adds up, and how many programs that takes: more than one are for tensor cores."""
    group = 1 if vectors == 1 else GROUP
    return group, triton.cdiv(vectors, group)


def _parts(programs: int, steps: int, device: torch.device) -> int:
    """Into how many parts the walk over the queries is cut, so that few programs still fill the device."""
    wanted = 2 * _multiprocessors(device)
    parts = 1
    while programs and programs * parts < wanted and 2 * parts <= steps:
        parts *= 2
    return parts


def _multiprocessors(device: torch.device) -> int:
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1


def _capability(device: torch.device) -> int:
    return torch.cuda.get_device_capability(device)[0] if device.type == "cuda" else 0


def _blocks(kernel: str, problem: Problem, value_width: int = 0) -> Blocks:
    query = problem.query
    width = max(tables.padded(query.shape[3]), tables.padded(value_width))
    capability = _capability(query.device)
    return tables.chosen(kernel, capability=capability, bytes_per_number=query.element_size(), width=width)


def _constants(problem: Problem, blocks: Blocks) -> dict[str, Any]:
    width = problem.query.shape[3]
    return {
        "CAUSAL": problem.causal,
        "WIDTH": width,
        "PADDED": tables.padded(width),
        "ROWS": blocks.rows,
        "COLUMNS": blocks.columns,
        "num_warps": blocks.warps,
        "num_stages": blocks.stages,
    }


def _widths(value: Tensor | None) -> dict[str, int]:
    width = 0 if value is None else value.shape[3]
    return {"VALUE_WIDTH": width, "VALUE_PADDED": tables.padded(width)}


def _backward_constants(problem: Problem, slopes: Slopes, blocks: Blocks) -> dict[str, Any]:
    vectors = 1 if slopes.weights is None else slopes.weights.shape[2]
    return _constants(problem, blocks) | _widths(slopes.value) | {"VECTORS": _grouped(vectors)[0]}
