"""Compiles kernels ahead of time, as they would be started, and tells what they take of a GPU; needs no GPU.

Prints one line of JSON for each: kernel, capability, registers, bytes spilled, bytes of shared memory, matrix units.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from salience.kernels.problem import Problem
from salience.kernels.triton import launch

PTXAS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "ptxas"
POINTERS = {torch.float32: "*fp32", torch.float16: "*fp16", torch.bfloat16: "*bf16", torch.uint8: "*u8"}
N = 256


def main(capabilities: str, dtype: str, width: str, vectors: str, *extras: str) -> None:
    for capability in map(int, capabilities.split(",")):
        launch._capability = lambda _, major=capability // 10: major
        for kernel, arguments, constants in planned(getattr(torch, dtype), int(width), int(vectors), "bias" in extras):
            print(json.dumps(compiled(kernel, arguments, constants, capability)), flush=True)


def planned(dtype: torch.dtype, width: int, vectors: int, biased: bool) -> list[tuple[Any, dict, dict]]:
    """The arguments of each kernel, with a bias or with every other option in use."""
    query, key = torch.zeros(1, 4, N, width, dtype=dtype), torch.zeros(1, 2, N, width, dtype=dtype)
    rows, several = torch.zeros(1, 4, N), torch.zeros(1, 4, vectors, N)
    real = torch.ones(1, N, dtype=torch.bool)
    bias = torch.zeros(1, 4, N, N, dtype=dtype) if biased else None
    window = None if biased else 100
    problem = Problem(query, key, 1.0, seen=real, asked=real, causal=True, window=window, bias=bias)
    slopes = launch.Slopes(rows, out=query, value=key, received=several, weights=several, entropy=rows)
    plans: list[tuple[Any, dict, dict]] = []
    launch._start = lambda kernel, grid, arguments, constants: plans.append((kernel, arguments, constants))
    launch.received(problem, rows, several)
    launch.statistics(problem, key)
    launch.means(problem, rows, several)
    launch.query_slope(problem, rows, slopes)
    launch.key_slope(problem, rows, slopes)
    return plans


def compiled(kernel: Any, arguments: dict, constants: dict, capability: int) -> dict[str, Any]:
    constants = dict(constants)
    options = {name: constants.pop(name) for name in ("num_warps", "num_stages")}
    signature, hints = {}, {}
    for index, name in enumerate(kernel.arg_names):
        given = constants.get(name, arguments.get(name))
        # As at run time: what is None or one becomes a constant, and what divides by 16 is known to.
        if name in constants or given is None or (isinstance(given, int) and given == 1):
            signature[name], constants[name] = "constexpr", given
        elif isinstance(given, torch.Tensor):
            signature[name], hints[(index,)] = POINTERS[given.dtype], [["tt.divisibility", 16]]
        elif isinstance(given, float):
            signature[name] = "fp32"
        else:
            signature[name] = "i32"
            hints |= {(index,): [["tt.divisibility", 16]]} if given % 16 == 0 else {}
    source = ASTSource(kernel, signature, constants, hints)
    binary = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)
    told = assembled(binary.asm["ptx"], capability)
    return {
        "kernel": kernel.__name__,
        "capability": capability,
        "registers": int(re.search(r"Used (\d+) registers", told)[1]),
        "spilled": int(re.search(r"(\d+) bytes spill stores", told)[1]),
        "shared": binary.metadata.shared,
        "matrix units": bool(re.search(r"wgmma\.mma_async|mma\.sync", binary.asm["ptx"])),
    }


def assembled(ptx: str, capability: int) -> str:
    architecture = "sm_90a" if capability == 90 else f"sm_{capability}"
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
        file.write(ptx)
        file.flush()
        command = [str(PTXAS), "-v", f"--gpu-name={architecture}", file.name, "-o", "/dev/null"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stderr


if __name__ == "__main__":
    main(*sys.argv[1:])
